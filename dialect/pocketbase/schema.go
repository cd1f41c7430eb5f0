package pocketbase

import (
	"dossier"
)

// knownIDs are the IDs under which clients know two auth collections that every space has, by name.
var knownIDs = map[string]string{dossier.Superusers: "pbc_3142635823", "users": "_pb_users_auth_"}

// collectionID is the ID under which clients know c.
func collectionID(c *dossier.Collection) string {
	if id, ok := knownIDs[c.Name]; ok && c.Kind == dossier.Auth {
		return id
	}
	return string(c.ID)
}

// collectionByID finds the collection that clients know by id, or that has that ID.
func collectionByID(space *dossier.Space, id string) (*dossier.Collection, bool) {
	for _, c := range space.Collections {
		if !c.Draft && (collectionID(c) == id || string(c.ID) == id) {
			return c, true
		}
	}
	return nil, false
}

// findCollection finds a collection by its ID or, whatever the case of the letters, its name.
func findCollection(space *dossier.Space, key string) (*dossier.Collection, bool) {
	if c, ok := collectionByID(space, key); ok {
		return c, true
	}
	for _, c := range space.Collections {
		if dossier.SameName(c.Name, key) && !c.Draft {
			return c, true
		}
	}
	return nil, false
}
