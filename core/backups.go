package core

import (
	"context"
	"io"

	"dossier"
	"dossier/access"
	"dossier/archive"
)

// Backups lists the backups on the shelf, in the order of names.
func (s *Service) Backups(ctx context.Context, who access.Principal) ([]archive.Info, error) {
	if err := s.mayArchive(who); err != nil {
		return nil, err
	}
	return s.shelf.List(ctx)
}

// OpenBackup opens a backup of the shelf as it lies there. The caller closes it.
func (s *Service) OpenBackup(ctx context.Context, who access.Principal, name string) (archive.Copy, error) {
	if err := s.mayArchive(who); err != nil {
		return nil, err
	}
	return s.shelf.Open(ctx, name)
}

// CreateBackup makes a backup and puts it on the shelf when it is whole. A name that is taken is Exists; otherwise as Backup.
func (s *Service) CreateBackup(ctx context.Context, who access.Principal, name string) error {
	if err := s.mayArchive(who); err != nil {
		return err
	}
	end, err := s.archiving.begin(name)
	if err != nil {
		return err
	}
	defer end()
	draft, err := s.shelf.Create(ctx, name)
	if err != nil {
		return err
	}
	defer draft.Abort()
	m, err := s.backup(ctx, draft)
	if err == nil {
		err = draft.Commit()
	}
	if err == nil {
		s.log.InfoContext(ctx, "backup made", "name", name, "rows", m.Rows.Lines, "blobs", m.Blobs.Count, "bytes", m.Blobs.Size)
	}
	return err
}

// AddBackup puts an archive that came from elsewhere on the shelf. What is no archive, or not a whole one, is Invalid; its digests are looked at
// when it is restored. r's own errors are passed on, and nothing is kept then.
func (s *Service) AddBackup(ctx context.Context, who access.Principal, name string, r io.Reader) error {
	if err := s.mayArchive(who); err != nil {
		return err
	}
	draft, err := s.shelf.Create(ctx, name)
	if err != nil {
		return err
	}
	defer draft.Abort()
	size, err := io.Copy(awaited{ctx, draft}, r)
	if err != nil {
		return err
	}
	if _, err := archive.NewReader(draft, size); err != nil {
		return err
	}
	return draft.Commit()
}

// DeleteBackup removes a backup from the shelf. One that is being made or restored is Busy.
func (s *Service) DeleteBackup(ctx context.Context, who access.Principal, name string) error {
	if err := s.mayArchive(who); err != nil {
		return err
	}
	if s.archiving.uses(name) {
		return dossier.Errorf(dossier.Busy, "the backup %s is in use", name)
	}
	return s.shelf.Delete(ctx, name)
}

// RestoreBackup lets a backup of the shelf take the place of this space. When it returns nil the archive has been read and found whole, and the
// server ends what is under way and goes on with the other space; what is written until then is lost. After an error nothing has changed:
// Invalid for a broken archive, Busy as for Backup.
func (s *Service) RestoreBackup(ctx context.Context, who access.Principal, name string) (err error) {
	if err := s.mayArchive(who); err != nil {
		return err
	}
	if s.swap == nil {
		return dossier.Errorf(dossier.Unsupported, "this server restores nothing while it runs")
	}
	end, err := s.archiving.begin(name)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			end() // otherwise this space has had its last
		}
	}()
	file, err := s.shelf.Open(ctx, name)
	if err != nil {
		return err
	}
	defer file.Close()
	a, err := archive.NewReader(file, file.Info().Size)
	if err != nil {
		return err
	}
	if err := s.swap(ctx, a); err != nil {
		return err
	}
	s.log.InfoContext(ctx, "backup is being restored", "name", name, "created", a.Manifest().Created)
	return nil
}
