package knack

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"dossier/access"
	"dossier/core/coretest"
)

// TestLimits counts exactly, whoever asks at the same time.
func TestLimits(t *testing.T) {
	clk := newClock(time.Date(2026, 11, 21, 23, 59, 58, 500_000_000, time.UTC))
	c := newClient(t, clk.option)
	settings := c.svc.Space().Settings
	settings.RateLimit, settings.DailyLimit = 3, 5
	if err := c.svc.PutSettings(t.Context(), access.System(), settings); err != nil {
		t.Fatal(err)
	}
	burst := func(n int) map[int]int {
		var mu sync.Mutex
		var wg sync.WaitGroup
		got := map[int]int{}
		for range n {
			wg.Go(func() {
				a := c.do("GET", "/v1/objects/object_2/records", "", keyed)
				mu.Lock()
				got[a.status]++
				mu.Unlock()
			})
		}
		wg.Wait()
		return got
	}
	if got := burst(20); got[200] != 3 || got[429] != 17 {
		t.Errorf("the first second: %v", got)
	}
	a := c.do("GET", "/v1/objects", "", keyed).want("over the rate", 429, "Rate limit exceeded")
	for name, want := range map[string]string{"X-PlanLimit-Limit": "5", "X-PlanLimit-Remaining": "2", "X-PlanLimit-Reset": "1500",
		"X-RateLimit-Limit": "3", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795305599", "Retry-After": "1"} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	clk.add(time.Second)
	if got := burst(20); got[200] != 2 || got[429] != 18 {
		t.Errorf("the second second: %v", got)
	}
	a = c.do("GET", "/v1/pages/scene_1/views/view_2/records", "", keyed).want("over the plan", 429, "Plan Limit Exceeded")
	if got := a.header.Get("Retry-After"); got != "1" {
		t.Errorf("Retry-After: %s", got)
	}
	up := c.upload("file", "a", "x").want("uploads do not count", 200, "*")
	if up.header.Get("X-PlanLimit-Remaining") != "0" {
		t.Errorf("an upload does not tell the limits: %v", up.header)
	}
	c.do("GET", "/v1/applications/"+coretest.Application, "", nil).want("metadata do not count", 200, "*")
	c.do("GET", "/v1/objects", "", with(keyed, headerKey, "x")).want("nor strangers", 401, "Invalid API key")
	clk.add(time.Second)
	c.do("GET", "/v1/objects", "", keyed).want("a new day", 200, "*")
}

// TestWindowsEndOnce says that many requests around the ends of many windows get each window's limit, no less and no more.
func TestWindowsEndOnce(t *testing.T) {
	const perSecond, perDay, step = 3, 100, 20 * time.Millisecond
	now := time.Date(2026, 11, 20, 23, 59, 30, 0, time.UTC)
	clock := func() time.Time { now = now.Add(step); return now } // the lock of limits guards it
	var l limits
	var mu sync.Mutex
	bySecond, byDay := map[int64]int{}, map[int]int{}
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			for range 500 {
				if c := l.take("app", clock, perSecond, perDay, 1); !c.overBurst && !c.overDay {
					mu.Lock()
					bySecond[c.at.Unix()]++
					byDay[c.at.Day()]++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if byDay[20] != 90 || byDay[21] != perDay { // half a minute of the one day, more than half a minute of the other
		t.Errorf("by day: %v", byDay)
	}
	for second, n := range bySecond {
		if full := n == perSecond; !full && byDay[21] < perDay {
			t.Errorf("second %d: %d", second, n)
		}
		if n > perSecond {
			t.Errorf("second %d: %d of %d", second, n, perSecond)
		}
	}
}

// TestLimitsOfErrors says that an answer which is an error tells the limits like any other, and that it counts.
func TestLimitsOfErrors(t *testing.T) {
	clk := newClock(testNow)
	c := newClient(t, clk.option)
	settings := c.svc.Space().Settings
	settings.DailyLimit = 4
	if err := c.svc.PutSettings(t.Context(), access.System(), settings); err != nil {
		t.Fatal(err)
	}
	for i, test := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", "/v1/objects/object_99/records", "", 404}, {"GET", "/v1/objects/object_2/records?filters={", "", 400},
		{"POST", "/v1/objects/object_2/records", `[]`, 400}, {"PUT", "/v1/pages/scene_1/views/view_2/records/7b20c3f29b4e5d6a8c90e1f3", `{}`, 400},
		{"DELETE", "/v1/objects/object_2/records/7b20c3f29b4e5d6a8c90e1f3", "", 429},
	} {
		a := c.do(test.method, test.path, test.body, keyed).want(test.path, test.status, "*")
		want := fmt.Sprint(max(0, 3-i))
		if got := a.header.Get("X-PlanLimit-Remaining"); got != want || a.header.Get("X-PlanLimit-Limit") != "4" || a.header.Get("X-RateLimit-Limit") != "1000000" {
			t.Errorf("%s: %v", test.path, a.header)
		}
		// 2026-11-21 15:04:05 is 32155 seconds before midnight.
		if got := a.header.Get("X-PlanLimit-Reset"); got != "32155000" {
			t.Errorf("%s: reset %s", test.path, got)
		}
		if got := a.header.Get("Retry-After"); (got == "32155") != (test.status == 429) {
			t.Errorf("%s: Retry-After %q", test.path, got)
		}
	}
}
