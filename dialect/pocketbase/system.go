package pocketbase

import (
	"net/http"
	"reflect"
	"slices"

	"dossier"
	"dossier/access"
	"dossier/wire"
)

// A systemTable is a collection that clients know by name and ID and that no store has: its records are made of what the server knows of
// accounts. Users read those about themselves, superusers all. Nobody writes them.
type systemTable struct {
	*dossier.Collection
	indexes []string // as they are shown
	// rows are those that who may see, oldest first; nil: there are never any.
	rows func(h *handler, r *http.Request, who access.Principal) ([]*dossier.Record, error)
	// drop removes one; nil: it cannot be there.
	drop func(h *handler, id dossier.ID)
}

// ownRows is the rule that lets users read the rows about themselves.
const ownRows = "@request.auth.id != '' && recordRef = @request.auth.id && collectionRef = @request.auth.collectionId"

// The fields of every system table: the ID of an auth collection as clients know it, and that of its record.
const (
	fieldCollectionRef = "collectionRef"
	fieldRecordRef     = "recordRef"
	fieldSentTo        = "sentTo" // of codes: an email
)

// systemTables are all of them, in the order in which they are listed.
var systemTables = []*systemTable{
	newTable("_mfas", "pbc_2279338944", []string{fieldCollectionRef, fieldRecordRef, "method"}).
		indexed("CREATE INDEX `idx_mfas_collectionRef_recordRef` ON `_mfas` (`collectionRef`, `recordRef`)"),
	newTable("_otps", "pbc_1638494021", []string{fieldCollectionRef, fieldRecordRef}, secretField(), sentToField()).
		indexed("CREATE INDEX `idx_otps_collectionRef_recordRef` ON `_otps` (`collectionRef`, `recordRef`)").of((*handler).codeRows, (*handler).dropCode),
	newTable("_externalAuths", "pbc_2281828961", []string{fieldCollectionRef, fieldRecordRef, "provider", "providerId"}).
		indexed("CREATE UNIQUE INDEX `idx_externalAuths_record_provider` ON `_externalAuths` (`collectionRef`, `recordRef`, `provider`)",
			"CREATE UNIQUE INDEX `idx_externalAuths_collection_provider` ON `_externalAuths` (`collectionRef`, `provider`, `providerId`)").deletable(),
	newTable("_authOrigins", "pbc_4275539003", []string{fieldCollectionRef, fieldRecordRef, "fingerprint"}).
		indexed("CREATE UNIQUE INDEX `idx_authOrigins_unique_pairs` ON `_authOrigins` (`collectionRef`, `recordRef`, `fingerprint`)").deletable(),
}

// newTable is a table with these required texts and more fields.
func newTable(name, id string, texts []string, more ...*dossier.Field) *systemTable {
	own := ownRows
	c := &dossier.Collection{ID: dossier.ID(id), Name: name, Kind: dossier.Base, System: true, Rules: dossier.Rules{List: &own, View: &own}}
	for _, text := range texts {
		c.Fields = append(c.Fields, &dossier.Field{ID: dossier.ID(fieldID(typeText, text)), Name: text, Type: dossier.TypeText, Required: true})
	}
	c.Fields = append(c.Fields, more...)
	return &systemTable{Collection: c}
}

func secretField() *dossier.Field {
	return &dossier.Field{ID: dossier.ID(fieldID(typePassword, keyPassword)), Name: keyPassword, Type: dossier.TypePassword, Required: true, Hidden: true}
}

func sentToField() *dossier.Field {
	return &dossier.Field{ID: dossier.ID(fieldID(typeText, fieldSentTo)), Name: fieldSentTo, Type: dossier.TypeText, Hidden: true}
}

func (t *systemTable) indexed(statements ...string) *systemTable {
	t.indexes = statements
	return t
}

// deletable lets users remove the rows about themselves.
func (t *systemTable) deletable() *systemTable {
	t.Rules.Delete = t.Rules.View
	return t
}

func (t *systemTable) of(rows func(*handler, *http.Request, access.Principal) ([]*dossier.Record, error), drop func(*handler, dossier.ID)) *systemTable {
	t.rows, t.drop = rows, drop
	return t
}

// findTable finds the system table with that ID or name, unless somebody has made a collection of it.
func findTable(space *dossier.Space, key string) (*systemTable, bool) {
	for _, t := range systemTables {
		if key == string(t.ID) || dossier.SameName(key, t.Name) {
			_, made := findCollection(space, key)
			return t, !made
		}
	}
	return nil, false
}

// tableOf is the system table that c is, if it is one.
func tableOf(c *dossier.Collection) (*systemTable, bool) {
	i := slices.IndexFunc(systemTables, func(t *systemTable) bool { return t.Collection == c })
	if i < 0 {
		return nil, false
	}
	return systemTables[i], true
}

// findAny is findCollection with the system tables.
func findAny(space *dossier.Space, key string) (*dossier.Collection, bool) {
	if t, ok := findTable(space, key); ok {
		return t.Collection, true
	}
	return findCollection(space, key)
}

// listed are the collections of space as clients list them.
func listed(space *dossier.Space) []*dossier.Collection {
	var all []*dossier.Collection
	for _, t := range systemTables {
		if _, free := findTable(space, t.Name); free {
			all = append(all, t.Collection)
		}
	}
	for _, c := range space.Collections {
		if !c.Draft {
			all = append(all, c)
		}
	}
	return all
}

// born is c, a system table with the dates of the collection that every space begins with.
func born(space *dossier.Space, c *dossier.Collection) *dossier.Collection {
	if _, ok := tableOf(c); !ok {
		return c
	}
	dated := *c
	if first, ok := findCollection(space, dossier.Superusers); ok {
		dated.Created, dated.Updated = first.Created, first.Created
	}
	return &dated
}

// show puts into s what only system tables have.
func (t *systemTable) show(s *shownCollection) {
	s.Indexes = t.indexes
	for _, f := range s.Fields {
		f["system"] = true
	}
}

// keepTable answers PATCH of a system table: what says nothing new is taken, nothing else.
func (h *handler) keepTable(w http.ResponseWriter, r *http.Request, c *dossier.Collection) error {
	raw, err := h.readFields(r)
	if err != nil {
		return errFormat
	}
	shown := showCollection(h.svc.Space(), c)
	is, _ := generic(shown).(map[string]any)
	wrong := map[string]any{}
	for key, was := range is {
		sent, ok := raw[key]
		if ok && key != "created" && key != "updated" && !reflect.DeepEqual(generic(sent), was) {
			wrong[key] = fault{Code: "validation_system_collection_change", Message: "This system collection cannot be changed."}
		}
	}
	if len(wrong) > 0 {
		return newError(http.StatusBadRequest, "Failed to update collection.", wrong)
	}
	return h.reply(w, r, shown)
}

// tableRows are the rows of t that who may see.
func (h *handler) tableRows(r *http.Request, t *systemTable, who access.Principal) ([]*dossier.Record, error) {
	if t.rows == nil || who.IsGuest() {
		return nil, nil
	}
	return t.rows(h, r, who)
}

// tableContext is who asks for rows of t.
func (h *handler) tableContext(r *http.Request, t *systemTable, a access.Action) (access.Principal, error) {
	who, err := h.authenticate(r)
	if err != nil {
		return who, err
	}
	if _, err := h.readFields(r); err != nil {
		return who, err
	}
	return who, h.svc.May(who, t.Collection, a)
}

// listTable is GET /api/collections/{collection}/records of a system table.
func (h *handler) listTable(w http.ResponseWriter, r *http.Request, t *systemTable) error {
	who, err := h.tableContext(r, t, access.List)
	if err != nil {
		return err
	}
	l, err := parseListQuery(wire.ParseQueryLenient(r.URL.RawQuery))
	if err != nil {
		return err
	}
	if err := l.checkRestricted(who); err != nil {
		return err
	}
	q, err := h.lowerRoster(t.Collection, who, l)
	if err != nil {
		return err
	}
	rows, err := h.tableRows(r, t, who)
	if err != nil {
		return err
	}
	found, err := searchRoster(r.Context(), h.svc.Space(), t.Collection, rows, func(row *dossier.Record) *dossier.Record { return row }, q)
	if err != nil {
		return err
	}
	page, total := pageOf(found, l)
	return h.reply(w, r, l.answer(h.viewer(r.Context(), who).plain(t.Collection, page), total))
}

// tableRow is the row of t that the path names, for who may do a with it.
func (h *handler) tableRow(r *http.Request, t *systemTable, a access.Action) (access.Principal, *dossier.Record, error) {
	who, err := h.tableContext(r, t, a)
	if err != nil {
		return who, nil, err
	}
	rows, err := h.tableRows(r, t, who)
	if err != nil {
		return who, nil, err
	}
	for _, row := range rows {
		if string(row.ID) == r.PathValue("record") {
			return who, row, nil
		}
	}
	return who, nil, errNotFound
}

// viewTableRow is GET /api/collections/{collection}/records/{record} of a system table.
func (h *handler) viewTableRow(w http.ResponseWriter, r *http.Request, t *systemTable) error {
	who, row, err := h.tableRow(r, t, access.View)
	if err != nil {
		return err
	}
	return h.reply(w, r, h.viewer(r.Context(), who).plain(t.Collection, []*dossier.Record{row})[0])
}

// deleteTableRow is DELETE /api/collections/{collection}/records/{record} of a system table.
func (h *handler) deleteTableRow(w http.ResponseWriter, r *http.Request, t *systemTable) error {
	_, row, err := h.tableRow(r, t, access.Delete)
	if err != nil {
		return err
	}
	t.drop(h, row.ID)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// emptyTable is DELETE /api/collections/{collection}/truncate of a system table, for a superuser.
func (h *handler) emptyTable(w http.ResponseWriter, r *http.Request, who access.Principal, t *systemTable) error {
	rows, err := h.tableRows(r, t, who)
	if err != nil {
		return err
	}
	for _, row := range rows {
		t.drop(h, row.ID)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// refuseRow is the answer to whoever writes a row of a system table.
func (h *handler) refuseRow(r *http.Request, t *systemTable, a access.Action) error {
	who, err := h.authenticate(r)
	if err != nil {
		return err
	}
	if err := h.svc.May(who, t.Collection, a); err != nil {
		return h.refuse(r, err)
	}
	return dossier.Errorf(dossier.Unsupported, "%s is kept by the server", t.Name)
}
