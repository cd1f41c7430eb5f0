package core_test

import (
	"fmt"
	"testing"
	"time"

	"dossier"
	"dossier/access"
	"dossier/query"
)

func TestEndedSessions(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	each(20, func(i int) { h.must(h.EndSession(ctx(), fmt.Sprint(i), start.Add(time.Hour))) })
	for restart := range 2 {
		for i := range 21 {
			if got := h.SessionEnded(fmt.Sprint(i)); got != (i < 20) {
				t.Errorf("session %d has ended: %v, restarts: %d", i, got, restart)
			}
		}
		h.open()
	}
	h.clock.Add(time.Hour)
	h.must(h.EndSession(ctx(), "late", start.Add(2*time.Hour)))
	if h.SessionEnded("1") || !h.SessionEnded("late") {
		t.Error("what would be over anyway is kept, or what would not is not")
	}
}

func TestMatches(t *testing.T) {
	t.Parallel()
	h := newHouse(t, shelves())
	extra := query.Empty{Of: query.Col("open")}
	for _, c := range []struct {
		name, collection, title string
		who                     access.Principal
		extra                   query.Filter
		want                    bool
	}{
		{"everyone's", "public", "x", access.Guest(), nil, true},
		{"what the rule lets through", "ruled", "open", access.Guest(), extra, true},
		{"what it does not", "ruled", "shut", access.Guest(), nil, false},
		{"what is locked", "locked", "open", access.Guest(), nil, false},
		{"what is locked, to a superuser", "locked", "open", system, nil, true},
		{"what the caller does not ask for", "public", "x", system, query.Not{Filter: extra}, false},
	} {
		r := h.create(c.collection, values{"title": dossier.Text(c.title)})
		h.delete(c.collection, r) // it need not be there any more
		got, err := h.Matches(ctx(), c.who, h.collection(c.collection), r, access.View, c.extra)
		h.must(err)
		if got != c.want {
			t.Errorf("%s matches: %v", c.name, got)
		}
	}
	_, err := h.Matches(ctx(), system, h.collection("public"), &dossier.Record{}, access.View, query.Empty{Of: query.Col("nothing")})
	if err == nil {
		t.Error("a filter of a field that is not there")
	}
}
