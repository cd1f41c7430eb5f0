package core

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"strconv"

	"dossier"
	"dossier/store"
)

// The keys of store.Meta.
const (
	metaApplication = "application"
	metaSecret      = "secret"
	metaSettings    = "settings"
	metaPages       = "pages"
	metaVersion     = "version"
	metaLastField   = "last_field"      // the highest field number ever given
	metaLastColl    = "last_collection" // the highest collection number ever given
)

// secretBytes is the length of the signing secret.
const secretBytes = 32

// found makes what a new space needs: an application id, a signing secret, the collection of superusers.
func (s *Service) found(ctx context.Context) error {
	secret := make([]byte, secretBytes)
	if _, err := io.ReadFull(s.random, secret); err != nil {
		return err
	}
	id, err := dossier.NewID(s.random)
	if err != nil {
		return err
	}
	fresh := false
	err = s.store.View(ctx, func(tx store.Tx) error {
		have, err := tx.Meta().Get(ctx, metaSecret)
		fresh = have == ""
		return err
	})
	if err != nil || !fresh {
		return err
	}
	return s.store.Update(ctx, func(tx store.Tx) error {
		if err := tx.Meta().Put(ctx, metaApplication, string(id)); err != nil {
			return err
		}
		if err := tx.Meta().Put(ctx, metaSecret, base64.StdEncoding.EncodeToString(secret)); err != nil {
			return err
		}
		now := s.Now()
		return tx.Collections().Put(ctx, &dossier.Collection{
			ID: "superusers", Number: -1, Name: dossier.Superusers, Label: "Superusers", Kind: dossier.Auth, System: true,
			Created: now, Updated: now,
		})
	})
}

// reload reads the space from the store and makes it the one in force.
func (s *Service) reload(ctx context.Context) error {
	space := &dossier.Space{Settings: dossier.DefaultSettings()}
	var secret string
	err := s.store.View(ctx, func(tx store.Tx) error {
		meta := tx.Meta()
		var err error
		if space.Application, err = meta.Get(ctx, metaApplication); err != nil {
			return err
		}
		if secret, err = meta.Get(ctx, metaSecret); err != nil {
			return err
		}
		if space.Version, err = metaInt(ctx, meta, metaVersion); err != nil {
			return err
		}
		if err = metaJSON(ctx, meta, metaSettings, &space.Settings); err != nil {
			return err
		}
		if err = metaJSON(ctx, meta, metaPages, &space.Pages); err != nil {
			return err
		}
		space.Collections, err = tx.Collections().List(ctx)
		return err
	})
	if err != nil {
		return err
	}
	if s.secret == nil { // only New gets here without one; later it is read by many
		if s.secret, err = base64.StdEncoding.DecodeString(secret); err != nil {
			return dossier.Errorf(dossier.Internal, "the space's secret is damaged: %w", err)
		}
	}
	if s.upgrade != nil {
		s.upgrade(space)
	}
	s.space.Store(space)
	return nil
}

func metaInt(ctx context.Context, m store.Meta, key string) (int64, error) {
	text, err := m.Get(ctx, key)
	if err != nil || text == "" {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}

// metaJSON reads the JSON under key into v; nothing there leaves v.
func metaJSON(ctx context.Context, m store.Meta, key string, v any) error {
	text, err := m.Get(ctx, key)
	if err != nil || text == "" {
		return err
	}
	return json.Unmarshal([]byte(text), v)
}

func putJSON(ctx context.Context, m store.Meta, key string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return m.Put(ctx, key, string(b))
}
