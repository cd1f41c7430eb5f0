package core

import (
	"context"
	"time"

	"dossier"
	"dossier/access"
	"dossier/store"
)

// A Change is what a write puts into a record.
type Change struct {
	// Values are the new values by field name; nil empties the field. Fields without a key stay as they are, or get their default
	// in a new record. Files are written as dossier.FileRefs: the complete new list, in order.
	Values map[string]dossier.Value
	// Account changes an auth record's account.
	Account *AccountChange
	// Sent names everything the caller gave, for rules; nil is the keys of Values.
	Sent map[string]bool
	// Aside is what the caller gave under names that the collection does not have: it is not kept, but rules may look at it.
	Aside map[string]dossier.JSON
	// Loose lets required fields stay empty.
	Loose bool
	// FreeZero lets numbers be 0 whatever their bounds: 0 stands for none where the client cannot leave a number out.
	FreeZero bool
	// By overrides the authors and times that a write notes; the principal needs the right to manage the collection.
	By *Authorship
}

// AccountChange says what becomes of an account. nil leaves a part as it is.
type AccountChange struct {
	Email        *string
	EmailVisible *bool
	Verified     *bool
	Password     *string // in clear; hashed before any transaction
	hash         string
}

// Authorship is who made and changed a record, and when, where it is not the principal and now. "" and the zero time are
// the usual ones.
type Authorship struct {
	CreatedBy, UpdatedBy string
	Created, Updated     Instant
}

// Instant is a moment in milliseconds since 1970 UTC; 0 is none given.
type Instant = dossier.Instant

// An Edit makes the change of an update from the record as it is now. It may run more than once, inside the transaction: it
// must not wait, do I/O or keep the record.
type Edit func(now *dossier.Record) (Change, error)

// Put is the Edit that makes the same change whatever the record is.
func Put(c Change) Edit { return func(*dossier.Record) (Change, error) { return c, nil } }

// An Update is a change of one record.
type Update struct {
	// Base is the revision the change was made for: another current one is dossier.Stale. 0 is any.
	Base int64
	Edit Edit
	// Password, if set, is the account's new password, in clear. It is hashed before the transaction.
	Password *string
}

// A Batch is several writes in one transaction: all happen or none. Its methods are the Service's verbs of the same name. After
// one has failed the batch is lost: the function given to Service.Batch returns the error.
type Batch struct {
	s      *Service
	tx     store.Tx
	who    access.Principal
	space  *dossier.Space
	now    time.Time
	lease  time.Time    // by which leases end
	told   []Event      // what has happened so far
	staged []dossier.ID // staged uploads that have got their row
	freed  bool         // files may have fallen out of use
}

// Batch runs fn in one transaction. fn may run more than once; see Edit for what it may do. Passwords that were not given to
// HashAccount before are hashed inside the transaction.
func (s *Service) Batch(ctx context.Context, who access.Principal, fn func(b *Batch) error) error {
	var ticket int64
	var told []Event
	var staged []dossier.ID
	var freed bool
	err := s.store.Update(ctx, func(tx store.Tx) error {
		if ticket != 0 { // the store runs it again
			s.events.redeem(ticket, nil)
		}
		ticket = s.events.draw()
		b := &Batch{s: s, tx: tx, who: who, space: s.Space(), now: s.Now(), lease: s.leaseTime()}
		err := fn(b)
		told, staged, freed = b.told, b.staged, b.freed
		return err
	})
	if err != nil {
		told, staged = nil, nil
	} else if freed {
		s.free()
	}
	for _, id := range staged {
		s.staged.Delete(id)
	}
	if ticket != 0 {
		s.events.redeem(ticket, told)
	}
	return err
}

// Ask tells the rules of the writes that follow what the request of each is. Until then it is that of the batch's principal.
func (b *Batch) Ask(r access.Request) { b.who.Request = r }

// tell notes a change for the watchers.
func (b *Batch) tell(a access.Action, c *dossier.Collection, r *dossier.Record) {
	if b.s.events.watched() {
		b.told = append(b.told, Event{Action: a, Collection: c, Record: r.Clone()})
	}
}

// HashAccount hashes the password of a, if it has one, so that no transaction waits for it. Errors as of HashPassword.
func (s *Service) HashAccount(ctx context.Context, who access.Principal, a *AccountChange) error {
	if a == nil || a.Password == nil || a.hash != "" {
		return nil
	}
	hash, err := s.HashPassword(ctx, who, *a.Password)
	if err != nil {
		return err
	}
	a.hash = hash
	return nil
}

// CreateRecord adds a record to c and returns it as it is stored. id "" is a made one; a taken one is Exists. What a field
// does not allow is Invalid with one Problem per value, an unknown field's name is ignored; uploads of a refused write
// stay usable.
func (s *Service) CreateRecord(ctx context.Context, who access.Principal, c *dossier.Collection, id dossier.ID, change Change) (*dossier.Record, error) {
	if err := s.HashAccount(ctx, who, change.Account); err != nil {
		return nil, err
	}
	var r *dossier.Record
	err := s.Batch(ctx, who, func(b *Batch) (err error) {
		r, err = b.CreateRecord(ctx, c, id, change)
		return err
	})
	return r, err
}

// UpdateRecord changes a record of c and returns it as it then is. NotFound, Denied, Stale, or Invalid as for CreateRecord.
func (s *Service) UpdateRecord(ctx context.Context, who access.Principal, c *dossier.Collection, ref Ref, u Update) (*dossier.Record, error) {
	if u.Password != nil {
		account := &AccountChange{Password: u.Password}
		if err := s.HashAccount(ctx, who, account); err != nil {
			return nil, err
		}
		u.Edit = withPassword(u.Edit, account)
	}
	var r *dossier.Record
	err := s.Batch(ctx, who, func(b *Batch) (err error) {
		r, err = b.UpdateRecord(ctx, c, ref, u)
		return err
	})
	return r, err
}

// withPassword is edit with the hashed password of a put into its change.
func withPassword(edit Edit, a *AccountChange) Edit {
	return func(now *dossier.Record) (Change, error) {
		change, err := edit(now)
		account := AccountChange{}
		if change.Account != nil {
			account = *change.Account
		}
		account.Password, account.hash = a.Password, a.hash
		change.Account = &account
		return change, err
	}
}

// DeleteRecord removes a record of c, and with it every record that a cascading relation ties to it alone. base as in Update.
// A required relation that would be left empty refuses it: Invalid with CodeRequired.
func (s *Service) DeleteRecord(ctx context.Context, who access.Principal, c *dossier.Collection, ref Ref, base int64) error {
	return s.Batch(ctx, who, func(b *Batch) error { return b.DeleteRecord(ctx, c, ref, base) })
}
