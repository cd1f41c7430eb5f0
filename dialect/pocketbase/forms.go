package pocketbase

import (
	"net/http"
	"strings"

	"dossier"
	"dossier/wire"
)

// maxFormText is how many bytes a text of a form about an account may have.
const maxFormText = 255

// texts reads a body whose values under keys are texts. In JSON they must be: a number is no password.
func (h *handler) texts(r *http.Request, keys ...string) (func(key string) string, error) {
	values, err := h.readFields(r)
	if err != nil {
		return nil, loadError(err)
	}
	typed := strings.HasPrefix(wire.MediaType(r), typeJSONBody)
	for _, key := range keys {
		if _, ok := values[key].(string); !ok && typed && values[key] != nil {
			return nil, newError(http.StatusBadRequest, msgInvalidLoad, nil)
		}
	}
	return func(key string) string { return toText(values[key]) }, nil
}

// accountForm is the auth collection that the path names, if may has nothing against it, and the texts of the body.
func (h *handler) accountForm(r *http.Request, may func(*dossier.Collection) error) (*dossier.Collection, func(key string) string, error) {
	c, err := h.authCollection(r)
	if err == nil && may != nil {
		err = may(c)
	}
	if err != nil {
		return nil, nil, err
	}
	text, err := h.texts(r, keyEmail, "newEmail", "token", keyPassword, keyConfirm, "otpId")
	return c, text, err
}

// ownCollection is who sent r, whose collection the path must name.
func (h *handler) ownCollection(r *http.Request) (proof, *dossier.Collection, error) {
	c, ok := findAny(h.svc.Space(), r.PathValue("collection"))
	if !ok {
		return proof{}, nil, newError(http.StatusNotFound, msgNoCollection, nil)
	}
	p, err := h.authProof(r)
	if err != nil {
		return p, nil, err
	}
	if err := requireUser(p.who); err != nil {
		return p, nil, err
	}
	if p.who.Collection.ID != c.ID {
		return p, nil, newError(http.StatusForbidden, "The request requires auth record from "+p.who.Collection.Name+" collection.", nil)
	}
	return p, c, nil
}

// textFault is what is wrong with a text that a form must have; no code if nothing is.
func textFault(text string) fault {
	switch {
	case text == "":
		return blank
	case len(text) > maxFormText:
		return outOfRange(1, maxFormText)
	}
	return fault{}
}
