package core

import (
	"context"

	"dossier"
	"dossier/access"
	"dossier/store"
)

// SignIn proves a login and password. With collection "" the login is an email, of any auth collection, superusers first; otherwise it is
// what the collection of that name takes for one (SignIn.Logins). asker is who asks, as a rule of the collection sees them: mostly a guest.
// A wrong login and a wrong password are the same Unauthenticated error and take the same time, and so is a superuser from an address of
// which the settings do not know (caused by access.ErrPlace), and whoever may not sign in with a password. Whom the collection's rule
// keeps out is Denied. Too many wrong ones for a login or from an address are Busy for a while, and so are too many at a time; those from
// where an account was signed in to before are counted by themselves (homes). After too many for an account by its other logins the right
// one is as wrong as the others: who guesses does not learn whose logins they are.
func (s *Service) SignIn(ctx context.Context, asker access.Principal, collection, login, password string) (access.Principal, error) {
	return s.SignInBy(ctx, asker, collection, dossier.ColumnRef{}, login, password)
}

// SignInBy is SignIn where the login is what by says, one of the collection's SignIn.LoginColumns, and nobody's by anything else. The zero
// ColumnRef is any of them.
func (s *Service) SignInBy(ctx context.Context, asker access.Principal, collection string, by dossier.ColumnRef, login, password string) (access.Principal, error) {
	wrong := dossier.Errorf(dossier.Unauthenticated, "wrong login or password")
	if login == "" || password == "" || len(password) > maxPassword || len(login) > maxLogin {
		return access.Guest(), wrong
	}
	g := guesses{s, login, s.place(asker.Request.Remote)}
	if err := g.welcome(); err != nil {
		return access.Guest(), err
	}
	candidates, err := s.candidates(ctx, collection, login, by)
	if err != nil {
		return access.Guest(), err
	}
	if candidates = g.open(candidates); len(candidates) == 0 {
		return access.Guest(), tooManyWrong()
	}
	within := asker
	within.Request.Context = access.ContextPassword
	var refused error
	for _, p := range candidates {
		ok, err := g.right(ctx, p, password)
		if err != nil {
			return access.Guest(), err
		}
		if !ok || p.Collection == nil {
			continue
		}
		switch err := s.MaySignIn(ctx, within, p); dossier.KindOf(err) {
		case "":
			g.forget(p)
			p.Request = asker.Request
			return p, nil
		case dossier.Denied, dossier.Unauthenticated:
			refused = err
		default:
			return access.Guest(), err
		}
	}
	if dossier.KindOf(refused) == dossier.Denied {
		return access.Guest(), refused
	}
	g.failed(candidates...)
	if refused != nil {
		return access.Guest(), refused
	}
	return access.Guest(), wrong
}

// MaySignIn is nil where who, of whom it is known that it is them, may sign in at the wish of asker: Denied where the collection's rule
// says no, Unauthenticated by access.ErrPlace for a superuser from an address of which the settings do not know.
func (s *Service) MaySignIn(ctx context.Context, asker, who access.Principal) error {
	if who.Request = asker.Request; !access.Admits(s.Space().Settings, who) {
		return misplaced()
	}
	space := s.Space()
	c, ok := space.CollectionByID(who.Collection.ID)
	if !ok {
		return dossier.Errorf(dossier.Unauthenticated, "no such user")
	}
	filter, err := s.policy.SignIn(space, c, asker)
	if err != nil || filter == nil {
		return err
	}
	return s.store.View(ctx, func(tx store.Tx) error { return holds(ctx, tx, space, c, filter, who.Record, "sign in to") })
}

func misplaced() error {
	return dossier.Errorf(dossier.Unauthenticated, "wrong login or password: %w", access.ErrPlace)
}

// Readmit is who proved their password a moment ago, as SignIn would find them now. Unauthenticated if there is none, or no password
// lets them in any more; otherwise as MaySignIn. Whether the password is still theirs the caller tells by the TokenKey.
func (s *Service) Readmit(ctx context.Context, asker access.Principal, collection, id dossier.ID) (access.Principal, error) {
	p, err := s.UserByID(ctx, asker, collection, id)
	if err != nil {
		return access.Guest(), err
	}
	if p.Collection.SigningIn().NoPassword {
		return access.Guest(), dossier.Errorf(dossier.Unauthenticated, "no password lets them in")
	}
	asker.Request.Context = access.ContextPassword
	if err := s.MaySignIn(ctx, asker, p); err != nil {
		return access.Guest(), err
	}
	return p, nil
}

// ProvePassword is nil where password is that of r, a record of the auth collection c: Unauthenticated if not. It says nothing of signing
// in, but wrong ones count as they do there.
func (s *Service) ProvePassword(ctx context.Context, asker access.Principal, c *dossier.Collection, r *dossier.Record, password string) error {
	p := access.User(c, r)
	g := guesses{s, r.Account.Email, s.place(asker.Request.Remote)}
	if g.login == "" {
		g.login = accountKey(p)
	}
	if err := g.welcome(); err != nil {
		return err
	}
	if len(g.open([]access.Principal{p})) == 0 || !s.accounts.Allowed(accountKey(p)+g.from(p), s.now()) {
		return tooManyWrong()
	}
	ok, err := g.right(ctx, p, password)
	if err != nil {
		return err
	}
	if !ok {
		g.failed(p)
		return dossier.Errorf(dossier.Unauthenticated, "wrong password")
	}
	g.forget(p)
	return nil
}

// UserByID is the principal of an auth record, as tokens name it, with the request of asker: Unauthenticated if there is none, or if it is
// a superuser from an address of which the settings do not know (caused by access.ErrPlace).
func (s *Service) UserByID(ctx context.Context, asker access.Principal, collection, id dossier.ID) (access.Principal, error) {
	nobody := dossier.Errorf(dossier.Unauthenticated, "no such user")
	space := s.Space()
	c, ok := space.CollectionByID(collection)
	if !ok || c.Kind != dossier.Auth || !dossier.ValidRecordID(string(id)) {
		return access.Guest(), nobody
	}
	var r *dossier.Record
	err := s.store.View(ctx, func(tx store.Tx) (err error) {
		r, err = tx.Records(c).Get(ctx, id)
		return err
	})
	if dossier.KindOf(err) == dossier.NotFound {
		return access.Guest(), nobody
	}
	if err != nil {
		return access.Guest(), err
	}
	p := access.User(c, r)
	if p.Request = asker.Request; !access.Admits(space.Settings, p) {
		return access.Guest(), misplaced()
	}
	return p, nil
}

// Present is who, or a guest where the sign-in of who does not hold any more: the collection's sessions were ended, or superusers may not
// act from there now. It is for connections that outlast requests. What became of the user's own record the caller must know.
func (s *Service) Present(who access.Principal) access.Principal {
	if who.Collection == nil {
		return who
	}
	salt := who.Collection.SigningIn().Salts[dossier.TokenSession]
	if s.salt(who.Collection, dossier.TokenSession) != salt || !access.Admits(s.Space().Settings, who) {
		return access.GuestOf(who.Request)
	}
	return who
}

// guesses are those of one login from one place.
type guesses struct {
	s            *Service
	login, place string
}

// welcome is Busy after too many wrong ones from the place, whatever the login.
func (g guesses) welcome() error {
	if g.place != "" && !g.s.places.Allowed(g.place, g.s.now()) {
		return dossier.Errorf(dossier.Busy, "too many wrong passwords from this address: wait a minute")
	}
	return nil
}

// from ends the keys under which guesses of p's password are counted: those from a home of p by themselves, those from all other places
// together.
func (g guesses) from(p access.Principal) string {
	if g.s.homes.has(p, g.place, g.s.now()) {
		return "\x00" + g.place
	}
	return ""
}

// open are those of named for whom there were not too many wrong ones by this login.
func (g guesses) open(named []access.Principal) (open []access.Principal) {
	for _, p := range named {
		if g.s.logins.Allowed(g.login+g.from(p), g.s.now()) {
			open = append(open, p)
		}
	}
	return open
}

func tooManyWrong() error {
	return dossier.Errorf(dossier.Busy, "too many wrong passwords for this login: wait a minute")
}

// right reports whether password is p's, and not one guess too many. Guesses at the same time count too: they learn nothing more.
func (g guesses) right(ctx context.Context, p access.Principal, password string) (bool, error) {
	ok, err := g.s.checkPassword(ctx, g.place, p.Record.Account, password)
	if err != nil {
		return false, err
	}
	if err := g.welcome(); err != nil {
		return false, err
	}
	now, from := g.s.now(), g.from(p)
	if !g.s.logins.Allowed(g.login+from, now) {
		return false, tooManyWrong()
	}
	return g.s.accounts.Allowed(accountKey(p)+from, now) && ok, nil
}

// failed counts a wrong password for the place, the login and those whom the login names.
func (g guesses) failed(named ...access.Principal) {
	now := g.s.now()
	if g.place != "" {
		g.s.places.Failed(g.place, now)
	}
	counted := map[string]bool{}
	for _, p := range named {
		from := g.from(p)
		if !counted[from] {
			counted[from] = true
			g.s.logins.Failed(g.login+from, now)
		}
		if p.Collection != nil {
			g.s.accounts.Failed(accountKey(p)+from, now)
		}
	}
}

// forget makes the place a home of p, whose password was right. What was guessed from a home is forgiven; what was guessed from anywhere else
// only where all come from one place, or p's own coming and going would give strangers more guesses.
func (g guesses) forget(p access.Principal) {
	if from := g.from(p); from != "" || g.place == "" {
		g.s.logins.Forget(g.login + from)
		g.s.accounts.Forget(accountKey(p) + from)
	}
	if g.place != "" {
		g.s.homes.add(p, g.place, g.s.now())
	}
}

// accountKey is what wrong passwords for an account are counted under; "" for nobody's.
func accountKey(p access.Principal) string {
	if p.Collection == nil {
		return ""
	}
	return string(p.Collection.ID) + " " + string(p.Record.ID)
}
