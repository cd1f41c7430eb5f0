package sqlstore

import (
	"context"
	"database/sql/driver"
	"encoding/json"

	"dossier"
	"dossier/query"
	"dossier/store"
)

// tokens are the tokens and keys.
type tokens struct{ *tx }

// Put adds tok, or replaces the one with the same Hash or ID.
func (t tokens) Put(_ context.Context, tok *store.Token) error {
	rights, err := json.Marshal(tok.Rights)
	if err != nil {
		return err
	}
	if _, err := t.exec("DELETE FROM tokens WHERE hash = ? OR id = ?", tok.Hash, string(tok.ID)); err != nil {
		return err
	}
	_, err = t.exec("INSERT INTO tokens (id, name, hash, iskey, rights, created) VALUES (?, ?, ?, ?, ?, ?)", string(tok.ID), tok.Name, tok.Hash,
		boolean(tok.Key), string(rights), tok.Created.UnixMilli())
	return err
}

// List returns all tokens, the oldest first.
func (t tokens) List(context.Context) ([]*store.Token, error) {
	var out []*store.Token
	err := t.each("SELECT id, name, hash, iskey, rights, created FROM tokens ORDER BY created, id", nil, func(row []driver.Value) error {
		tok := &store.Token{ID: dossier.ID(text(row[0])), Name: text(row[1]), Hash: text(row[2]), Key: integer(row[3]) != 0, Created: moment(row[5])}
		out = append(out, tok)
		return json.Unmarshal([]byte(text(row[4])), &tok.Rights)
	})
	return out, err
}

// Delete removes a token, dossier.NotFound if there is none.
func (t tokens) Delete(_ context.Context, id dossier.ID) error {
	n, err := t.exec("DELETE FROM tokens WHERE id = ?", string(id))
	if err == nil && n == 0 {
		err = dossier.Errorf(dossier.NotFound, "there is no such token")
	}
	return err
}

// meta is the map for what there is one of.
type meta struct{ *tx }

// Get returns "" where nothing was put.
func (m meta) Get(_ context.Context, key string) (value string, err error) {
	_, err = m.one("SELECT value FROM meta WHERE name = ?", []any{key}, func(row []driver.Value) error {
		value = text(row[0])
		return nil
	})
	return value, err
}

// Put keeps value under key.
func (m meta) Put(_ context.Context, key, value string) error {
	_, err := m.exec("INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", key, value)
	return err
}

// listArg is a list as the parameter of Flavor.Elements.
func listArg(l dossier.List) any { return query.ListText(l) }
