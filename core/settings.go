package core

import (
	"context"
	"strconv"

	"dossier"
	"dossier/access"
)

// PutSettings changes the space's settings.
func (s *Service) PutSettings(ctx context.Context, who access.Principal, settings dossier.Settings) error {
	_, err := s.ApplySchema(ctx, who, Schema{Settings: &settings}, false)
	return err
}

// checkSettings refuses settings that say nothing, with a Problem for each part that does not.
func checkSettings(settings *dossier.Settings) error {
	if err := checkNetworks(settings.SuperuserNetworks); err != nil {
		return err
	}
	return checkHeaders(settings.TrustedProxy.Headers)
}

// checkNetworks refuses what is neither an address nor a network, with a Problem for each.
func checkNetworks(networks []string) error {
	var problems []dossier.Problem
	for i, text := range networks {
		if _, err := access.ParseNetwork(text); err != nil {
			problems = append(problems, dossier.Problem{Path: []string{"superuser_networks", strconv.Itoa(i)}, Code: dossier.CodeInvalid})
		}
	}
	if len(problems) == 0 {
		return nil
	}
	e := dossier.Invalidate(problems...)
	e.Msg = "superusers act from addresses such as 192.0.2.7, or networks such as 192.0.2.0/24"
	return e
}

// checkHeaders refuses what is no name of a header, with a Problem for each.
func checkHeaders(names []string) error {
	var problems []dossier.Problem
	for i, name := range names {
		if !dossier.ValidHeaderName(name) {
			problems = append(problems, dossier.Problem{Path: []string{"trusted_proxy", "headers", strconv.Itoa(i)}, Code: dossier.CodeInvalid})
		}
	}
	if len(problems) == 0 {
		return nil
	}
	e := dossier.Invalidate(problems...)
	e.Msg = "a proxy tells addresses in headers with names such as X-Forwarded-For"
	return e
}
