package knack

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"dossier"
)

// limits count the requests of applications in fixed windows: a second, and a day of UTC.
type limits struct {
	mu sync.Mutex
	by map[string]*usage
}

// usage is what one application has used of its windows.
type usage struct {
	second, day    int64 // the windows: seconds and days since 1970
	burst, dayUsed int
}

// unlimited is the limit that is told where there is none.
const unlimited = 1_000_000

const secondsOfDay = 24 * 60 * 60

// A count is where an application stands after a request.
type count struct {
	at                 time.Time // when the request was counted
	burst, day         int       // used
	overBurst, overDay bool
}

// take counts a request, unless it is over a limit; a limit of 0 is none. A request of weight 0 only looks. The clock is read under the
// lock: of two requests at the end of a window none brings back the old one.
func (l *limits) take(app string, clock func() time.Time, perSecond, perDay, weight int) count {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := clock()
	u := l.by[app]
	if u == nil {
		if l.by == nil {
			l.by = map[string]*usage{}
		}
		u = &usage{}
		l.by[app] = u
	}
	if s := now.Unix(); s != u.second {
		u.second, u.burst = s, 0
	}
	if d := now.Unix() / secondsOfDay; d != u.day {
		u.day, u.dayUsed = d, 0
	}
	c := count{at: now, overBurst: perSecond > 0 && u.burst >= perSecond, overDay: perDay > 0 && u.dayUsed >= perDay}
	if !c.overBurst && !c.overDay {
		u.burst += weight
		u.dayUsed += weight
	}
	c.burst, c.day = u.burst, u.dayUsed
	return c
}

// meter counts an authenticated request, tells the client where it stands, and refuses what is over a limit.
func (h *handler) meter(w http.ResponseWriter, space *dossier.Space) error {
	c, untilMidnight := h.tellLimits(w, space, 1)
	switch {
	case c.overBurst:
		return &fault{status: http.StatusTooManyRequests, sentence: "Rate limit exceeded", retry: "1"}
	case c.overDay:
		retry := strconv.FormatInt(int64((untilMidnight+time.Second-1)/time.Second), 10)
		return &fault{status: http.StatusTooManyRequests, sentence: "Plan Limit Exceeded", retry: retry}
	}
	return nil
}

// tellLimits counts a request of that weight and tells the client where it stands.
func (h *handler) tellLimits(w http.ResponseWriter, space *dossier.Space, weight int) (c count, untilMidnight time.Duration) {
	s := space.Settings
	c = h.limits.take(space.Application, h.svc.Now, s.RateLimit, s.DailyLimit, weight)
	end := (c.at.Unix()/secondsOfDay + 1) * secondsOfDay
	untilMidnight = time.Unix(end, 0).Sub(c.at)
	tell(w.Header(), "X-PlanLimit-", s.DailyLimit, c.day, untilMidnight.Milliseconds())
	tell(w.Header(), "X-RateLimit-", s.RateLimit, c.burst, c.at.Unix()+1)
	return c, untilMidnight
}

// tell sets the three headers of one limit. The plan's reset is in milliseconds from now, the rate's the second since 1970: that is
// how the vendor sends them.
func tell(header http.Header, prefix string, limit, used int, reset int64) {
	if limit <= 0 {
		limit = unlimited
	}
	header.Set(prefix+"Limit", strconv.Itoa(limit))
	header.Set(prefix+"Remaining", strconv.Itoa(max(0, limit-used)))
	header.Set(prefix+"Reset", strconv.FormatInt(reset, 10))
}
