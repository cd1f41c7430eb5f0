package pocketbase

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dossier"
	"dossier/access"
	"dossier/query"
)

func TestMacros(t *testing.T) {
	now := time.Date(2024, 2, 29, 23, 59, 58, 999e6, time.FixedZone("", 3600)) // a leap day, 22:59:58 in UTC
	want := map[string]string{
		"@now": "2024-02-29 22:59:58.999Z", "@yesterday": "2024-02-28 22:59:58.999Z", "@tomorrow": "2024-03-01 22:59:58.999Z",
		"@todayStart": "2024-02-29 00:00:00.000Z", "@todayEnd": "2024-02-29 23:59:59.999Z",
		"@monthStart": "2024-02-01 00:00:00.000Z", "@monthEnd": "2024-02-29 23:59:59.999Z",
		"@yearStart": "2024-01-01 00:00:00.000Z", "@yearEnd": "2024-12-31 23:59:59.999Z",
		"@second": "58", "@minute": "59", "@hour": "22", "@day": "29", "@month": "2", "@weekday": "4", "@year": "2024",
	}
	got := map[string]string{}
	for name := range want {
		v, ok := macro(name, now)
		if !ok {
			t.Errorf("%s is no macro", name)
		}
		got[name] = v.text
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, ok := macro("@never", now); ok {
		t.Error("@never is a macro")
	}
}

func TestLikePatterns(t *testing.T) {
	for text, want := range map[string]string{
		"abc": "%abc%", "": "%%", "a_b": `%a\_b%`, `a\_b`: `%a\_b%`, `a\b`: `%a\\b%`, `a\`: `%a\\%`, `50\%`: `%50\%%`,
		"a%": "a%", "%": "%", "a_b%": "a_b%", `a\%b%`: `a\%b%`, `%a\b`: `%a\b`, `%\`: `%\\`, `\\%`: `\\%`,
	} {
		if got := likePattern(text); got != want {
			t.Errorf("%s becomes %s, want %s", text, got, want)
		}
	}
}

func TestCheckRule(t *testing.T) {
	space := querySpace()
	docs := queryCollection(space, "docs")
	for _, c := range []struct {
		name, rule string
		ok         bool
	}{
		{"the empty rule", "", true},
		{"a rule on the one who asks", "@request.auth.id != '' && owner = @request.auth.id", true},
		{"a rule on a field that only users have", "@request.auth.team.name ?= 'x'", true},
		{"a path that no user has", "@request.auth.shop.name = 'x' && @request.auth.cats_via_shop.name = 'x'", true},
		{"a hidden field", "secret != ''", true},
		{"a closed collection", "vault.code = 'x'", true},
		{"a rule that does not parse", "owner =", false},
		{"an unknown field", "nope = 1", false},
		{"an unknown field of the one who asks, behind a relation", "@request.auth.team.nope = 1", false},
		{"what does not compare", "lines = n", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := CheckRule(space, docs, c.rule)
			if c.ok && err != nil || !c.ok && dossier.KindOf(err) != dossier.Invalid {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestPolicyWithRules drives access.Policy with the language, many at once.
func TestPolicyWithRules(t *testing.T) {
	space := querySpace()
	users := queryCollection(space, "users")
	policy := access.Policy{Language: NewLanguage(func() time.Time { return queryNow })}
	var wg sync.WaitGroup
	for range 8 {
		wg.Add(1)
		dossier.Go(nil, "rule", func() {
			defer wg.Done()
			f, err := policy.Filter(space, users, access.Question{Principal: queryUser(space), Action: access.List})
			if got := query.String(f); err != nil || got != `@id = "user00000000001"` {
				t.Errorf("%s, %v", got, err)
			}
		})
	}
	wg.Wait()
}

// TestRulesOnAccounts asks rules about a change of an auth record that sends an email and nothing else.
func TestRulesOnAccounts(t *testing.T) {
	space := querySpace()
	users := queryCollection(space, "users")
	question := access.Question{
		Principal: queryUser(space), Action: access.Update,
		Account: &dossier.Account{Email: "new@example.com", Verified: true},
		Sent:    map[string]bool{"email": true},
		Current: &dossier.Record{ID: "user00000000001", Account: &dossier.Account{Email: "u@example.com"}},
	}
	language := NewLanguage(func() time.Time { return queryNow })
	for rule, want := range map[string]string{
		`@request.body.email = "new@example.com"`:           "true",
		`@request.body.email:changed = true`:                "true",
		`@request.body.email:isset = true`:                  "true",
		`@request.body.verified = null`:                     "true", // not sent
		`@request.body.verified:changed = true`:             "false",
		`@request.body.password:isset = false`:              "true",
		`@request.body.email != email`:                      `or(@email != "new@example.com", empty(@email))`,
		`@request.auth.collectionId = "_pb_users_auth_"`:    "true",
		`@request.auth.email ~ "example" && verified=false`: `or(@verified = false, empty(@verified))`,
	} {
		f, err := language.Rule(space, users, rule, question)
		if got := query.String(f); err != nil || got != want {
			t.Errorf("%s becomes %s, %v, want %s", rule, got, err, want)
		}
	}
}

func BenchmarkRule(b *testing.B) {
	space := querySpace()
	users := queryCollection(space, "users")
	language := NewLanguage(func() time.Time { return queryNow })
	question := access.Question{Principal: queryUser(space), Action: access.List}
	for b.Loop() {
		if _, err := language.Rule(space, users, "id = @request.auth.id", question); err != nil {
			b.Fatal(err)
		}
	}
}
