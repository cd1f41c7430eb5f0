package conformance

import "testing"

// TestAddressesBehindAProxyHoldAtEveryEntrance lets superusers in from one network, and tries every entrance from there and elsewhere, as
// headers say, while the connection is always this machine's.
func TestAddressesBehindAProxyHoldAtEveryEntrance(t *testing.T) {
	t.Parallel()
	s := newStreet(t)
	const near, far = "198.51.100.7", "203.0.113.9"
	// look tries a superuser's password, and what a sign-in gave before.
	kept := make([]map[string]string, len(s.entrances()))
	look := func(what string, via map[string]string, admitted bool) {
		t.Helper()
		login := rootLogin
		if !admitted {
			login = s.superuser() // another each time, or there would be too many that are refused
		}
		s.via = via
		defer func() { s.via = nil }()
		for i, e := range s.entrances() {
			want := e.elsewhere
			if admitted {
				want = 200
			}
			status, keep := e.enter(login, rootPassword)
			if status != want {
				t.Errorf("%s, %s: %d, want %d", what, e.name, status, want)
			}
			if kept[i] == nil && status == 200 {
				kept[i] = keep
			}
			if e.inside == nil {
				continue
			}
			if got := e.inside(kept[i]); (got == 200) != admitted {
				t.Errorf("%s, %s: an earlier sign-in gets %d", what, e.name, got)
			}
			if admitted {
				continue
			}
			if status, _ := e.enter(oneLogin, onePassword); status != 200 {
				t.Errorf("%s, %s: a user gets %d", what, e.name, status)
			}
		}
	}
	of := func(name, address string) map[string]string { return map[string]string{name: address} }
	const list, single = "X-Forwarded-For", "X-Real-IP"
	look("at first", nil, true)

	s.change("/api/settings", map[string]any{"superuserIPs": []string{"127.0.0.1"}})
	look("no header is believed", of(list, far), true)

	s.change("/api/settings", map[string]any{"trustedProxy": map[string]any{"headers": []string{list}}})
	s.via = nil
	s.change("/api/settings", map[string]any{"superuserIPs": []string{"198.51.100.0/24", "127.0.0.1"}})
	look("past the proxy", nil, true)
	look("from the network", of(list, near), true)
	look("from elsewhere", of(list, far), false)
	look("the last of a list", of(list, far+", "+near), true)
	look("not the first", of(list, near+", "+far), false)
	look("another header", of(single, far), true)

	s.change("/api/settings", map[string]any{"trustedProxy": map[string]any{"headers": []string{single, list}, "useLeftmostIP": true}})
	look("not the last of a list", of(list, far+", "+near), false)
	look("the first", of(list, near+", "+far), true)
	look("the first header", map[string]string{single: far, list: near}, false)

	s.change("/api/settings", map[string]any{"trustedProxy": map[string]any{"headers": []string{}}})
	look("not any more", of(list, far), true)
}
