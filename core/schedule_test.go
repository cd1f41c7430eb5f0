package core_test

import (
	"testing"
	"time"

	"dossier"
	"dossier/core"
)

func TestSchedules(t *testing.T) {
	t.Parallel()
	cases := []struct {
		text     string
		in, out  string // a minute that is included, and one that is not
		included int    // minutes of the year 2026
	}{
		{"* * * * *", "2026-11-21 08:30", "", 365 * 24 * 60},
		{"0 0 * * *", "2026-11-21 00:00", "2026-11-21 00:01", 365},
		{"@daily", "2026-11-21 00:00", "2026-11-21 01:00", 365},
		{"@midnight", "2026-11-21 00:00", "2026-11-21 12:00", 365},
		{"@hourly", "2026-11-21 05:00", "2026-11-21 05:01", 365 * 24},
		{"@weekly", "2026-11-22 00:00", "2026-11-21 00:00", 52},
		{"@monthly", "2026-11-01 00:00", "2026-11-02 00:00", 12},
		{"@yearly", "2026-01-01 00:00", "2026-02-01 00:00", 1},
		{"*/15 3 * * *", "2026-11-21 03:45", "2026-11-21 03:50", 365 * 4},
		{"5-10/2,59 1,2 1 1 *", "2026-01-01 02:09", "2026-01-01 02:10", 8},
		{"0 0 31 * *", "2026-12-31 00:00", "2026-12-30 00:00", 7},
		{"0 12 * * 1-5", "2026-11-20 12:00", "2026-11-21 12:00", 261},
		{"0 0 13 * 5", "2026-11-13 00:00", "2026-11-20 00:00", 3}, // both days must be
	}
	for _, c := range cases {
		s, err := core.ParseSchedule(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		n, in, out := 0, minute(t, c.in), minute(t, c.out)
		for m := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); m.Year() == 2026; m = m.Add(time.Minute) {
			switch included := s.Includes(m); {
			case included:
				n++
			case m.Equal(in):
				t.Errorf("%s does not include %s", c.text, c.in)
			}
			if m.Equal(out) && s.Includes(m) {
				t.Errorf("%s includes %s", c.text, c.out)
			}
		}
		if n != c.included {
			t.Errorf("%s includes %d minutes, want %d", c.text, n, c.included)
		}
	}
	zone := time.FixedZone("east", 5*3600)
	if s, _ := core.ParseSchedule("0 0 * * *"); !s.Includes(time.Date(2026, 11, 21, 5, 0, 0, 0, zone)) {
		t.Error("a schedule is read by another zone than UTC")
	}
}

// minute is the moment that text names, in UTC; "" is none that a schedule is tried with.
func minute(t *testing.T, text string) (m time.Time) {
	t.Helper()
	if text == "" {
		return m
	}
	m, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestBadSchedules(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 13 *", "* * * * 7", "@never",
		"a * * * *", "1- * * * *", "-1 * * * *", "5-1 * * * *", "*/0 * * * *", "*/60 * * * *", "5/2 * * * *", "1-2-3 * * * *", "*/2/2 * * * *", "1,, * * * *",
		"*  * * * *", "* * * * MON", "99999999999999999999 * * * *"} {
		if _, err := core.ParseSchedule(text); dossier.KindOf(err) != dossier.Invalid {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzSchedule(f *testing.F) {
	for _, text := range []string{"* * * * *", "@daily", "*/15 1-5/2,7 * 1 0"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := core.ParseSchedule(text); err != nil && dossier.KindOf(err) != dossier.Invalid {
			t.Errorf("%q: %v", text, err)
		}
	})
}
