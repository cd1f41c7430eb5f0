package dossier

import (
	"math/big"
	"strings"
	"testing"
)

func TestParseNumber(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, in, want string }{
		{"an integer", "42", "42"},
		{"blanks around", " 42 ", "42"},
		{"a plus sign", "+7", "7"},
		{"trailing zeros are kept", "1.50", "1.50"},
		{"leading zeros are not", "007", "7"},
		{"no whole part", ".5", "0.5"},
		{"no decimals after the point", "5.", "5"},
		{"an exponent moves the point right", "1.5e1", "15"},
		{"and left", "15E-3", "0.015"},
		{"an exponent with a plus sign", "2e+2", "200"},
		{"minus zero is zero", "-0.00", "0.00"},
		{"more digits than a float holds", "9007199254740993", "9007199254740993"},
		{"21 significant digits", "123456789012345678901.5", "123456789012345678901.5"},
		{"the largest exponent", "1e399", "1" + strings.Repeat("0", 399)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseNumber(c.in)
			if err != nil || string(got) != c.want {
				t.Errorf("ParseNumber(%q) = %q, %v; want %q", c.in, got, err, c.want)
			}
		})
	}
	for _, bad := range []string{"", " ", ".", "-", "+", "e5", "1e", "1e+", "--1", "+-1", "1 2", "0x10", "NaN", "Infinity", "1e400", "1e-401", "1e99999", "1,5", "１", "1.2.3", strings.Repeat("9", 401)} {
		if got, err := ParseNumber(bad); err == nil {
			t.Errorf("ParseNumber(%q) = %q; want an error", bad, got)
		} else if KindOf(err) != Invalid {
			t.Errorf("ParseNumber(%q) is %s", bad, KindOf(err))
		}
	}
}

func TestSortKeyOrdersLikeNumbers(t *testing.T) {
	t.Parallel()
	ordered := []Number{"-100000000000000000000.5", "-1000", "-10.01", "-10", "-9.99", "-1.5", "-1.05", "-1", "-0.5", "-0.005", "0",
		"0.0000001", "0.005", "0.05", "0.5", "0.51", "1", "1.05", "1.5", "9", "10", "10.5", "99", "100", "9007199254740992", "9007199254740993"}
	for i, a := range ordered {
		for j, b := range ordered {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got := a.Compare(b); got != want {
				t.Errorf("%s compared with %s is %d, want %d", a, b, got, want)
			}
		}
	}
	for _, same := range [][2]Number{{"1.5", "1.50"}, {"0", "0.00"}, {"-2", "-2.000"}, {"100", "100.0"}} {
		if same[0].SortKey() != same[1].SortKey() {
			t.Errorf("%s and %s are the same number", same[0], same[1])
		}
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for in, want := range map[Number]string{"1.50": "1.5", "2.00": "2", "0.0": "0", "100": "100", "-0.10": "-0.1"} {
		if got := in.Plain(); got != want {
			t.Errorf("%s is %q plainly, want %q", in, got, want)
		}
		if in.IsInteger() != !strings.Contains(want, ".") {
			t.Errorf("%s is integer: %v", in, in.IsInteger())
		}
	}
}

func TestSentBack(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kept, sent string
		same       bool
	}{
		{"1.50", "1.5", true}, {"1.50", "1.50", false}, {"4.00", "4", true}, {"4.00", "4.0", true}, {"0.10", "0.1", true}, {"-0.50", "-0.5", true},
		{"9007199254740993", "9007199254740992", true}, {"9007199254740993", "9007199254740994", false}, {"9007199254740993", "9007199254740993", false},
		{"123456789012345678901.50", "1.2345678901234568e+20", true}, {"123456789012345678901.50", "123456789012345680000", true},
		{"0.1234567890123456789", "0.12345678901234568", true}, {"0.1234567890123456789", "0.1234567890123457", false},
		{"0.0000000000000000000012345678901234567890", "1.2345678901234568e-21", true}, {"0", "0", true}, {"0.00", "0", true}, {"5", "6", false},
		{"1" + strings.Repeat("0", 350), "1", false},
	} {
		sent, err := ParseNumber(c.sent)
		if err != nil {
			t.Fatal(err)
		}
		if got := Number(c.kept).SentBack(sent); got != c.same {
			t.Errorf("%s is %s sent back: %v", c.sent, c.kept, got)
		}
	}
}

// FuzzNumber compares with exact rational arithmetic.
func FuzzNumber(f *testing.F) {
	f.Add("1.5e1", "15")
	f.Add("-0.05", "-0.005")
	f.Add("1e-400", "0")
	f.Fuzz(func(t *testing.T, a, b string) {
		x, err1 := ParseNumber(a)
		y, err2 := ParseNumber(b)
		if err1 != nil || err2 != nil {
			return
		}
		p, ok1 := new(big.Rat).SetString(string(x))
		q, ok2 := new(big.Rat).SetString(string(y))
		if !ok1 || !ok2 {
			t.Fatalf("%q or %q is no number", x, y)
		}
		if x.Compare(y) != p.Cmp(q) {
			t.Errorf("%s compared with %s is %d, want %d", x, y, x.Compare(y), p.Cmp(q))
		}
		back, err := NumberFromKey(x.SortKey())
		if err != nil || back.Compare(x) != 0 || string(back) != x.Plain() {
			t.Errorf("the key of %s reads back as %s, %v", x, back, err)
		}
		if again, err := ParseNumber(string(x)); err != nil || again != x {
			t.Errorf("%s parses again as %s, %v", x, again, err)
		}
	})
}
