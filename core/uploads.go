package core

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"math"
	"strings"
	"time"

	"github.com/gabriel-vasile/mimetype"

	"dossier"
	"dossier/access"
	"dossier/store"
)

// An Incoming describes bytes that are about to arrive.
type Incoming struct {
	Name     string // as the sender gave it, cleaned of directories by the dialect; "" is "file"
	SlugName string // what the slug is made of; "" is Name
	Declared string // the media type that the sender gave, bare; "" if none
	Kind     string // what the dialect wants to remember
	// TTL is the life of the upload if no record takes it; 0 is the settings'.
	TTL time.Duration
	// MaxSize is how many bytes are allowed: 0 is the settings' maximum, which it cannot pass.
	MaxSize int64
	// ImageOnly refuses what is no picture, by its bytes: Invalid with CodeNotImage.
	ImageOnly bool
}

// Upload keeps the bytes of r as an upload. It returns when they and the row would survive a power cut. TooLarge over the
// limit, QuotaExceeded over the space's quota, Full where the disk is; nothing is kept then. r's own errors are passed on.
func (s *Service) Upload(ctx context.Context, who access.Principal, in Incoming, r io.Reader) (*dossier.Upload, error) {
	u, err := s.Stage(ctx, who, in, r)
	if err != nil {
		return nil, err
	}
	err = s.store.Update(ctx, func(tx store.Tx) error {
		if err := s.checkQuota(ctx, tx, u.Size); err != nil {
			return err
		}
		return tx.Uploads().Create(ctx, u)
	})
	if err != nil {
		s.Discard(ctx, u)
		return nil, err
	}
	s.staged.Delete(u.ID)
	return u, nil
}

// Usage is how many bytes all files and uploads of the space hold.
func (s *Service) Usage(ctx context.Context) (used int64, err error) {
	err = s.store.View(ctx, func(tx store.Tx) (err error) {
		used, err = tx.Uploads().Usage(ctx)
		return err
	})
	return used, err
}

// checkQuota refuses more bytes than the space's quota has room for.
func (s *Service) checkQuota(ctx context.Context, tx store.Tx, more int64) error {
	quota := s.Space().Settings.DiskQuota
	if quota == 0 {
		return nil
	}
	used, err := tx.Uploads().Usage(ctx)
	if err != nil {
		return err
	}
	if used+more > quota {
		return dossier.Errorf(dossier.QuotaExceeded, "the disk quota of %d bytes has room for %d more, not for %d", quota, max(0, quota-used), more)
	}
	return nil
}

// Stage keeps the bytes of r like Upload but without a row: a FileRef with Staged set makes the row in the write that attaches
// it. Who does not get that far calls Discard; after a crash a sweep does.
func (s *Service) Stage(ctx context.Context, who access.Principal, in Incoming, r io.Reader) (*dossier.Upload, error) {
	u, err := s.newUpload(who, in)
	if err != nil {
		return nil, err
	}
	s.staged.Store(u.ID, nil)
	if err := s.receive(ctx, u, in, r); err != nil {
		s.staged.Delete(u.ID)
		return nil, err
	}
	return u, nil
}

// receive keeps the bytes of r and notes of them in u what is to be known. The lease begins when they are there.
func (s *Service) receive(ctx context.Context, u *dossier.Upload, in Incoming, r io.Reader) error {
	a := &arrival{r: r, left: s.sizeLimit(in), limit: s.sizeLimit(in), hash: sha256.New(), imageOnly: in.ImageOnly, name: u.Name}
	size, err := s.blobs.Put(ctx, u.Chunks[0].Key, a)
	if err != nil {
		return blobError(a, err)
	}
	ttl := in.TTL
	if ttl == 0 {
		ttl = s.Space().Settings.UploadTTL
	}
	u.Created = s.leaseStart()
	u.Expires = u.Created.Add(ttl)
	u.Size, u.Chunks[0].Size = size, size
	u.Sniffed, u.SHA256 = a.sniffed(), hex.EncodeToString(a.hash.Sum(nil))
	u.Slug, err = Slug(s.random, cmp.Or(in.SlugName, u.Name), u.Sniffed)
	return err
}

// blobError prefers what the arriving bytes were refused for to what a store made of it.
func blobError(a *arrival, err error) error {
	if a.refused != nil {
		return a.refused
	}
	if k := dossier.KindOf(err); k != dossier.Internal {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return dossier.Errorf(dossier.Canceled, "keep bytes: %w", err)
	}
	return dossier.Errorf(dossier.Internal, "keep bytes: %w", err)
}

func (s *Service) sizeLimit(in Incoming) int64 {
	limit := s.Space().Settings.MaxFileSize
	if limit <= 0 {
		limit = math.MaxInt64
	}
	if in.MaxSize > 0 && in.MaxSize < limit {
		return in.MaxSize
	}
	return limit
}

func (s *Service) newUpload(who access.Principal, in Incoming) (*dossier.Upload, error) {
	id, err := dossier.NewFileID(s.random)
	if err != nil {
		return nil, err
	}
	part, err := slugLetters(s.random)
	if err != nil {
		return nil, err
	}
	u := &dossier.Upload{Owner: string(who.Kind) + ":" + string(who.ID), Kind: in.Kind, Length: -1}
	u.ID, u.Name, u.Declared = id, in.Name, in.Declared
	u.Chunks = []dossier.Chunk{{Key: string(id) + "/" + part}}
	if u.Name == "" {
		u.Name = "file"
	}
	return u, nil
}

// arrival is bytes on their way in: counted, hashed, and looked at.
type arrival struct {
	r         io.Reader
	left      int64
	limit     int64
	hash      hash.Hash
	head      []byte // the first sniffedPrefix bytes
	name      string
	imageOnly bool
	looked    bool
	refused   error
}

// Read passes bytes on until there are more than the limit allows, or the first of them show no picture where one must be.
func (a *arrival) Read(p []byte) (int, error) {
	if a.refused != nil {
		return 0, a.refused
	}
	n, err := a.r.Read(p)
	if int64(n) > a.left {
		a.refused = tooLarge(a.name, a.limit)
		return 0, a.refused
	}
	a.left -= int64(n)
	_, _ = a.hash.Write(p[:n])
	if room := sniffedPrefix - len(a.head); room > 0 {
		a.head = append(a.head, p[:min(n, room)]...)
	}
	if err == nil && len(a.head) < sniffedPrefix || err != nil && err != io.EOF {
		return n, err
	}
	if refused := a.look(); refused != nil {
		a.refused = refused
		return 0, refused
	}
	return n, err
}

// look checks the media type once it can be known.
func (a *arrival) look() error {
	if a.looked || !a.imageOnly {
		return nil
	}
	a.looked = true
	if isImage(a.sniffed()) {
		return nil
	}
	return problem(dossier.CodeNotImage, map[string]any{"file": a.name})
}

func (a *arrival) sniffed() string { return mimetype.Detect(a.head).String() }

func tooLarge(name string, limit int64) error {
	return &dossier.Error{Kind: dossier.TooLarge, Msg: "the file is larger than allowed",
		Problems: []dossier.Problem{{Code: dossier.CodeFileTooLarge, Params: map[string]any{"file": name, "max": limit}}}}
}

func isImage(mediaType string) bool { return strings.HasPrefix(bareType(mediaType), "image/") }

// Discard removes staged uploads that no write took, and ends uploads at once. It never fails; what it cannot remove a sweep will.
func (s *Service) Discard(ctx context.Context, uploads ...*dossier.Upload) {
	ctx = context.WithoutCancel(ctx)
	for _, u := range uploads {
		if u == nil {
			continue
		}
		err := s.store.Update(ctx, func(tx store.Tx) error { return tx.Uploads().Expire(ctx, u.ID, s.leaseTime()) })
		if dossier.KindOf(err) == dossier.NotFound && !s.known(ctx, u.ID) {
			err = s.deleteBlobs(ctx, u.ID)
		}
		if err != nil && dossier.KindOf(err) != dossier.NotFound {
			s.log.Warn("discard", "upload", u.ID, "error", err)
		}
		s.staged.Delete(u.ID)
	}
}

// known reports whether id is a row, as an upload or a file; true if that cannot be found out.
func (s *Service) known(ctx context.Context, id dossier.ID) bool {
	known := true
	err := s.store.View(ctx, func(tx store.Tx) error {
		m, err := tx.Files().Known(ctx, []dossier.ID{id})
		known = m[id]
		return err
	})
	return err != nil || known
}

// FindUpload returns an upload that no record has taken and whose lease has not ended, by its ID or the first
// dossier.FileIDPrefix digits of it. NotFound, Expired. Knowing the ID is what allows to ask, whoever does: it cannot be guessed.
func (s *Service) FindUpload(ctx context.Context, who access.Principal, id dossier.ID) (*dossier.Upload, error) {
	var u *dossier.Upload
	err := s.store.View(ctx, func(tx store.Tx) (err error) {
		u, err = tx.Uploads().Get(ctx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !s.leaseTime().Before(u.Expires) {
		return nil, dossier.Errorf(dossier.Expired, "the upload's life has ended")
	}
	return u, nil
}
