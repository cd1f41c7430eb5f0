// Package core holds the verbs of the house: one method per use case, on one Service. Every verb takes the Principal who
// asks, decides with access, keeps the life cycle of files (lease, bytes, use), and leaves rows to a store.Store and bytes to
// a blob.Store.
// Not here: HTTP, SQL, wire syntax, any vendor's word.
package core

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"dossier"
	"dossier/access"
	"dossier/archive"
	"dossier/blob"
	"dossier/store"
	"dossier/thumb"
)

// Options are what a Service is made of. Store, Blobs, Rules and Random are needed; the rest has defaults.
type Options struct {
	Store  store.Store
	Blobs  blob.Store
	Thumbs thumb.Maker     // nil: pictures are served as they are
	Rules  access.Language // reads the rules of collections
	// Upgrade makes of a space as an older build has kept it what this one would have kept; nil leaves it as it is. It is called
	// whenever the space is read, and must be able to stand that.
	Upgrade func(*dossier.Space)
	Mail    Mailer           // nil: letters are not sent, the log says so
	Random  io.Reader        // a CSPRNG
	Now     func() time.Time // nil: time.Now
	Log     *slog.Logger     // nil: slog.Default
	// Grace is how old a blob without a row must be before a sweep takes it for left behind. 0 is an hour.
	Grace time.Duration
	// Shelf is where backups are kept; nil: none are made.
	Shelf archive.Shelf
	// Replace prepares what an archive holds to take the place of this space, which happens soon after it returns nil. A broken archive is Invalid.
	// nil: nothing is restored.
	Replace func(context.Context, *archive.Reader) error
	// Sole says that nobody else writes to Blobs: a blob without a row from before the start is then left behind for sure.
	Sole bool
}

// A Service is the verbs over one space. Safe for concurrent use.
type Service struct {
	store  store.Store
	blobs  blob.Store
	thumbs thumb.Maker
	policy access.Policy
	// upgrade is Options.Upgrade.
	upgrade func(*dossier.Space)
	mailer  Mailer
	random  io.Reader
	now     func() time.Time
	log     *slog.Logger
	grace   time.Duration
	shelf   archive.Shelf
	swap    func(context.Context, *archive.Reader) error
	born    time.Time // blobs without a row that are older are left behind; zero if that cannot be said

	space     atomic.Pointer[dossier.Space]
	tokens    atomic.Pointer[tokenSet]
	loading   sync.Mutex // one reading of the tokens at a time
	secret    []byte     // signs what the server gives out; made once per space
	schema    sync.Mutex // one change of the schema at a time
	hashing   *hashQueue
	making    flights       // thumbnails being made
	failed    failures      // thumbnails that cannot be made
	hot       hotBlobs      // thumbnails and small files asked for last
	dummy     func() string // a password hash that nobody has
	logins    Attempts      // wrong passwords by login
	accounts  Attempts      // by account, whichever login named it
	places    Attempts      // and by address
	homes     homes         // from where the right ones came
	events    events
	ended     endedSessions
	patterns  sync.Map     // compiled patterns of fields, by text
	keep      sync.RWMutex // held for reading while a backup reads what its snapshot knew, for writing by each step of a sweep
	archiving archiving
	leases    leaseClock    // by which uploads expire
	lists     turns         // of those who look for records
	freed     chan struct{} // holds one where files may have fallen out of use since the last sweep
	staged    sync.Map      // IDs of uploads whose bytes are arriving or waiting for the write that makes their row
}

// New makes a Service over what o names and loads the space, making it on the first start.
func New(ctx context.Context, o Options) (*Service, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Grace == 0 {
		o.Grace = time.Hour
	}
	s := &Service{
		store: o.Store, blobs: o.Blobs, thumbs: o.Thumbs, policy: access.Policy{Language: o.Rules}, upgrade: o.Upgrade,
		mailer: o.Mail, random: o.Random, now: o.Now, log: o.Log, grace: o.Grace,
		shelf: o.Shelf, swap: o.Replace,
		hashing:  newHashQueue(),
		logins:   Attempts{Max: maxAttempts, Window: attemptWindow},
		accounts: Attempts{Max: maxAttempts, Window: attemptWindow},
		places:   Attempts{Max: maxFromPlace, Window: attemptWindow},
		freed:    make(chan struct{}, 1),
	}
	if o.Sole {
		s.born = o.Now()
	}
	s.dummy = sync.OnceValue(func() string {
		hash, _ := hashPassword(s.random, "nobody has this password")
		return hash
	})
	if err := s.found(ctx); err != nil {
		return nil, err
	}
	if err := s.reload(ctx); err != nil {
		return nil, err
	}
	if err := s.loadLeases(ctx); err != nil {
		return nil, err
	}
	if err := s.reloadSessions(ctx); err != nil {
		return nil, err
	}
	return s, s.reloadTokens(ctx)
}

// Space is the collections, settings and pages as they are now. What a request reads of it stays as it was for that request.
func (s *Service) Space() *dossier.Space { return s.space.Load() }

// Now is the service's clock, to the millisecond that records keep.
func (s *Service) Now() time.Time { return s.now().UTC().Truncate(time.Millisecond) }

// Random is the service's source of randomness.
func (s *Service) Random() io.Reader { return s.random }

// Log is the service's logger.
func (s *Service) Log() *slog.Logger { return s.log }
