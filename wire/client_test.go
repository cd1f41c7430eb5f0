package wire

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"dossier"
)

// askedFrom is the address of a client whose connection comes from 192.0.2.1, and what rules see of it.
func askedFrom(t *testing.T, trust dossier.TrustedProxy, header http.Header) string {
	t.Helper()
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr, r.Header = "192.0.2.1:1234", header
	var host string
	BehindProxy(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		host = RemoteHost(r)
		if seen := RequestOf(r).Remote; seen != host {
			t.Errorf("rules see %s, not %s", seen, host)
		}
		if socket := SocketHost(r); socket != "192.0.2.1" {
			t.Errorf("the connection comes from %s", socket)
		}
	}), func() dossier.TrustedProxy { return trust }).ServeHTTP(httptest.NewRecorder(), r)
	return host
}

func TestWhomAProxyBrings(t *testing.T) {
	t.Parallel()
	const connection = "192.0.2.1"
	one, both := []string{"X-Forwarded-For"}, []string{"X-Real-Ip", "x-forwarded-for"}
	list := func(lines ...string) http.Header { return http.Header{"X-Forwarded-For": lines} }
	for _, c := range []struct {
		name        string
		headers     []string
		header      http.Header
		right, left string
	}{
		{"nothing is believed", nil, list("198.51.100.1"), connection, connection},
		{"another header is not", []string{"X-Real-Ip"}, list("198.51.100.1"), connection, connection},
		{"no header", one, http.Header{}, connection, connection},
		{"an empty header", one, list(""), connection, connection},
		{"one address", one, list("198.51.100.1"), "198.51.100.1", "198.51.100.1"},
		{"blanks around it", one, list("\t198.51.100.1 "), "198.51.100.1", "198.51.100.1"},
		{"a list", one, list("198.51.100.1, 198.51.100.2,198.51.100.3"), "198.51.100.3", "198.51.100.1"},
		{"a list with holes", one, list(", unknown,198.51.100.2, ,198.51.100.3,x, "), "198.51.100.3", "198.51.100.2"},
		{"commas", one, list(",,,"), connection, connection},
		{"two lines", one, list("198.51.100.1", "198.51.100.2, 198.51.100.3"), "198.51.100.3", "198.51.100.2"},
		{"two lines, the last without an address", one, list("198.51.100.1", "unknown"), connection, connection},
		{"a port", one, list("198.51.100.1:80"), connection, connection},
		{"brackets", one, list("[2001:db8::1]"), connection, connection},
		{"quotes", one, list(`"198.51.100.1"`), connection, connection},
		{"a parameter", one, list("for=198.51.100.1"), connection, connection},
		{"zeros before a digit", one, list("198.051.100.1"), connection, connection},
		{"a network", one, list("198.51.100.0/24"), connection, connection},
		{"a name", one, list("localhost"), connection, connection},
		{"IPv6 in its shortest form", one, list("2001:DB8:0:0::1"), "2001:db8::1", "2001:db8::1"},
		{"IPv4 within IPv6", one, list("::ffff:198.51.100.1"), "198.51.100.1", "198.51.100.1"},
		{"without its zone", one, list("fe80::1%eth0"), "fe80::1", "fe80::1"},
		{"the first header that holds one", both, http.Header{"X-Forwarded-For": {"198.51.100.1"}, "X-Real-Ip": {"198.51.100.2"}}, "198.51.100.2", "198.51.100.2"},
		{"the next where it holds none", both, http.Header{"X-Forwarded-For": {"198.51.100.1"}, "X-Real-Ip": {"x"}}, "198.51.100.1", "198.51.100.1"},
	} {
		for leftmost, want := range map[bool]string{false: c.right, true: c.left} {
			if got := askedFrom(t, dossier.TrustedProxy{Headers: c.headers, Leftmost: leftmost}, c.header); got != want {
				t.Errorf("%s: the client is %s, want %s (leftmost: %v)", c.name, got, want, leftmost)
			}
		}
	}
}

// TestTrustIsAskedForEachRequest changes what is believed between two requests.
func TestTrustIsAskedForEachRequest(t *testing.T) {
	t.Parallel()
	var trust dossier.TrustedProxy
	var host string
	h := BehindProxy(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { host = RemoteHost(r) }), func() dossier.TrustedProxy { return trust })
	for _, want := range []string{"192.0.2.1", "198.51.100.1"} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = "192.0.2.1:1234"
		r.Header.Set("X-Real-IP", "198.51.100.1")
		if h.ServeHTTP(httptest.NewRecorder(), r); host != want {
			t.Errorf("the client is %s, want %s", host, want)
		}
		trust.Headers = []string{"X-Real-IP"}
	}
}

// TestABudgetIsNotForOneClientOfAProxy lets two clients of a proxy on this machine send large bodies at the same time.
func TestABudgetIsNotForOneClientOfAProxy(t *testing.T) {
	t.Parallel()
	const quarter = 100 << 10
	trust := func() dossier.TrustedProxy { return dossier.TrustedProxy{Headers: []string{"X-Real-IP"}} }
	send := func(b *Budget, from string, n int, inside func()) (err error) {
		read := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if _, err = ReadJSON(r, 1<<20); err == nil {
				inside()
			}
		})
		r := httptest.NewRequest("POST", "/", strings.NewReader(`"`+strings.Repeat("x", n-2)+`"`))
		r.RemoteAddr = "127.0.0.1:1234"
		r.Header.Set("X-Real-IP", from)
		b.Of(BehindProxy(read, trust)).ServeHTTP(httptest.NewRecorder(), r)
		return err
	}
	for second, both := range map[string]bool{"198.51.100.1": false, "198.51.100.2": true, "": true} {
		b := NewBudget(4 * quarter)
		err := send(b, "198.51.100.1", 3*quarter+freeBytes, func() {
			if err := send(b, second, quarter/2+freeBytes, func() {}); (err == nil) != both || err != nil && !errors.Is(err, dossier.Busy) {
				t.Errorf("%q beside another: %v", second, err)
			}
		})
		if err != nil || len(b.by) != 0 {
			t.Errorf("one client alone: %v; remembered are %v", err, b.by)
		}
	}
	b := NewBudget(4 * quarter)
	if err := send(b, "127.0.0.1", 3*quarter+freeBytes+1, func() {}); !errors.Is(err, dossier.Busy) {
		t.Errorf("who claims to be this machine may hold all: %v", err)
	}
}

// FuzzPickAddress holds what is found in a list against the list itself, read the simple way.
func FuzzPickAddress(f *testing.F) {
	for _, list := range []string{"", ",", "198.51.100.1", "198.51.100.1, 2001:db8::1", "unknown, 198.51.100.1:80", "fe80::1%a,b", "::ffff:1.2.3.4,\x00"} {
		f.Add(list)
	}
	f.Fuzz(func(t *testing.T, list string) {
		var all []netip.Addr
		for _, text := range strings.Split(list, ",") {
			if a, err := netip.ParseAddr(strings.TrimSpace(text)); err == nil {
				all = append(all, a)
			}
		}
		first, ok1 := pickAddress(list, true)
		last, ok2 := pickAddress(list, false)
		if found := len(all) > 0; ok1 != found || ok2 != found {
			t.Fatalf("%q: found %v and %v, there are %d", list, ok1, ok2, len(all))
		}
		if len(all) == 0 {
			return
		}
		if first != all[0] || last != all[len(all)-1] {
			t.Fatalf("%q: found %v and %v of %v", list, first, last, all)
		}
		host, _ := clientOf(http.Header{"X": {list}}, dossier.TrustedProxy{Headers: []string{"X"}})
		if a, err := netip.ParseAddr(host); err != nil || a.Zone() != "" || a.Is4In6() || a.String() != host {
			t.Fatalf("%q is no plain address: %v", host, err)
		}
	})
}
