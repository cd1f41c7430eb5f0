package sqlstore

import (
	"database/sql/driver"
	"strings"

	"dossier"
)

// migrations are the steps from an empty database to the tables of this version, in order. A step never changes once released; a
// new one is added. {text}, {int} and {serial} are the flavor's types, {keyed} what
// it adds to a table that is found by its key alone.
var migrations = []string{
	`CREATE TABLE collections (
		tbl {serial}, id {text} NOT NULL UNIQUE, number {int} NOT NULL UNIQUE, name {text} NOT NULL UNIQUE, definition {text} NOT NULL);
	CREATE TABLE counters (name {text} PRIMARY KEY, value {int} NOT NULL){keyed};
	CREATE TABLE links (
		field {int} NOT NULL, target {text} NOT NULL, number {int} NOT NULL, PRIMARY KEY (field, target, number)){keyed};
	CREATE TABLE files (
		id {text} PRIMARY KEY, state {int} NOT NULL, name {text} NOT NULL, slug {text} NOT NULL, declared {text} NOT NULL,
		sniffed {text} NOT NULL, size {int} NOT NULL, sha256 {text} NOT NULL, chunks {text} NOT NULL, created {int} NOT NULL,
		owner {text} NOT NULL, kind {text} NOT NULL, length {int} NOT NULL, expires {int});
	CREATE INDEX files_expires ON files (expires) WHERE expires IS NOT NULL;
	CREATE TABLE uses (
		file {text} NOT NULL, collection {text} NOT NULL, record {text} NOT NULL, field {text} NOT NULL, inside {text} NOT NULL,
		PRIMARY KEY (file, collection, record, field, inside)){keyed};
	CREATE INDEX uses_record ON uses (collection, record);
	CREATE TABLE tokens (
		id {text} PRIMARY KEY, name {text} NOT NULL, hash {text} NOT NULL UNIQUE, iskey {int} NOT NULL, rights {text} NOT NULL,
		created {int} NOT NULL);
	CREATE TABLE meta (name {text} PRIMARY KEY, value {text} NOT NULL){keyed};
	INSERT INTO counters (name, value) VALUES ('usage', 0)`,
}

// migrate brings the tables up to date, all steps or none.
func migrate(s *session) error {
	if _, err := s.exec(s.flavor.Begin); err != nil {
		return err
	}
	err := runMigrations(s)
	if err == nil {
		_, err = s.exec("COMMIT")
	}
	if err != nil {
		_, _ = s.exec("ROLLBACK")
	}
	return err
}

func runMigrations(s *session) error {
	if err := s.script(s.flavor.types("CREATE TABLE IF NOT EXISTS schema_version (version {int} NOT NULL)")); err != nil {
		return err
	}
	have := int64(-1)
	_, err := s.one("SELECT version FROM schema_version", nil, func(row []driver.Value) error {
		have = integer(row[0])
		return nil
	})
	if err != nil {
		return err
	}
	if have > int64(len(migrations)) {
		return dossier.Errorf(dossier.Unsupported,
			"the database has schema version %d, this version of dossier knows %d: use a newer one", have, len(migrations))
	}
	if err := runSteps(s, migrations[max(have, 0):]); err != nil {
		return err
	}
	if have < 0 {
		_, err = s.exec(s.flavor.sql("INSERT INTO schema_version (version) VALUES (?)"), int64(len(migrations)))
	} else {
		_, err = s.exec(s.flavor.sql("UPDATE schema_version SET version = ?"), int64(len(migrations)))
	}
	return err
}

// runSteps runs some of the migrations.
func runSteps(s *session, steps []string) error {
	for _, step := range steps {
		if err := s.script(strings.Split(s.flavor.types(step), ";\n")...); err != nil {
			return err
		}
	}
	return nil
}

// types puts the flavor's types into a statement.
func (f *Flavor) types(sql string) string {
	return strings.NewReplacer("{serial}", f.Serial, "{text}", f.Text, "{int}", f.Integer, "{keyed}", f.Keyed).Replace(sql)
}
