package conformance

import (
	"io/fs"
	"os"
	"os/exec"
	"path"
	"strings"
	"testing"
)

// A pair is a store and a blob store that every transcript is played on.
type pair struct {
	name string
	args []string
}

// pairs are all of them: the embedded default alone for now.
var pairs = []pair{{name: "sqlite-disk"}}

// TestTranscripts plays every transcript, each on a fresh server, or, with -against, on the server that it names.
func TestTranscripts(t *testing.T) {
	transcripts := loadTranscripts(t)
	if *against != "" {
		t.Run("against", func(t *testing.T) {
			for _, tr := range transcripts {
				t.Run(name(tr), func(t *testing.T) { playAgainst(t, tr) })
			}
		})
		return
	}
	for _, p := range pairs {
		t.Run(p.name, func(t *testing.T) {
			for _, tr := range transcripts {
				t.Run(name(tr), func(t *testing.T) {
					t.Parallel()
					s := start(t, t.TempDir(), schemaOf(tr), p.args...)
					playSteps(t, s.base, tr)
					if t.Failed() {
						t.Logf("standard error of the server:\n%s", s.log)
					}
				})
			}
		})
	}
}

// TestTranscriptsParse reads every transcript and checks that the files it names exist.
func TestTranscriptsParse(t *testing.T) {
	for _, tr := range loadTranscripts(t) {
		if _, err := os.Stat(path.Join("testdata", schemaOf(tr))); err != nil {
			t.Error(err)
		}
		for _, s := range tr.Steps {
			if err := checkFiles(s); err != nil {
				t.Errorf("%s:%d: %v", s.Path, s.Line, err)
			}
		}
	}
}

// TestOursIsDocumented finds every reason of @ours in the page of its dialect.
func TestOursIsDocumented(t *testing.T) {
	found := 0
	for _, tr := range loadTranscripts(t) {
		page, err := os.ReadFile("../docs/dialects/" + path.Dir(name(tr)) + ".md")
		if err != nil {
			continue // cross and server speak no dialect of their own
		}
		for _, s := range tr.Steps {
			if s.Ours == "" {
				continue
			}
			found++
			if !strings.Contains(string(page), s.Ours) {
				t.Errorf("%s:%d: docs/dialects has no line with the reason %q", s.Path, s.Line, s.Ours)
			}
		}
	}
	if found == 0 {
		t.Error("no step is marked @ours")
	}
}

func checkFiles(s *Step) error {
	if rule, ok := strings.CutPrefix(s.Want.Body, "= @"); ok {
		if _, err := fs.Stat(uploads, rule); err != nil {
			return err
		}
	}
	if source, ok := strings.CutPrefix(s.Request.Body, "< "); ok {
		if _, _, err := partContent(uploads, source); err != nil {
			return err
		}
	}
	for _, h := range s.Request.Header {
		if h.Name == "Content-Type" && isShorthand(h.Value) {
			if _, err := multipartBody(uploads, h.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

// uploads are the files that transcripts send and expect.
var uploads = os.DirFS("testdata/files")

func loadTranscripts(t *testing.T) []*Transcript {
	t.Helper()
	var out []*Transcript
	err := fs.WalkDir(os.DirFS("testdata"), ".", func(file string, _ fs.DirEntry, err error) error {
		if err != nil || path.Ext(file) != ".http" {
			return err
		}
		text, err := os.ReadFile(path.Join("testdata", file))
		if err != nil {
			return err
		}
		tr, err := Parse(path.Join("testdata", file), string(text))
		if err != nil {
			t.Error(err)
			return nil
		}
		out = append(out, tr)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) == 0 {
		t.Fatal("no transcripts in testdata")
	}
	return out
}

// name is dialect/topic.
func name(tr *Transcript) string {
	return strings.TrimSuffix(strings.TrimPrefix(tr.Path, "testdata/"), ".http")
}

const commonSchema = "schema.yaml"

func schemaOf(tr *Transcript) string {
	if s := tr.Var("schema"); s != "" {
		return s
	}
	return commonSchema
}

// playAgainst plays on the server of somebody else: one that runs, where transcripts with settings of their own are left
// out, or a fresh one that a command starts.
func playAgainst(t *testing.T, tr *Transcript) {
	if !strings.HasPrefix(*against, "http") {
		s := await(t, exec.Command(*against, "-schema", path.Join("testdata", schemaOf(tr))))
		playSteps(t, s.base, tr)
		s.stop()
		return
	}
	if schemaOf(tr) != commonSchema {
		t.Skipf("needs a server started with %s", schemaOf(tr))
	}
	playSteps(t, *against, tr)
}

// playSteps plays all steps, each as a subtest with its title.
func playSteps(t *testing.T, base string, tr *Transcript) {
	p := NewPlayer(base, uploads, tr)
	defer p.Close()
	for _, s := range tr.Steps {
		t.Run(s.Title, func(t *testing.T) {
			if *against != "" && s.Ours != "" {
				p.Try(t.Context(), s)
				t.Skipf("not judged here: %s", s.Ours)
			}
			if err := p.Play(t.Context(), s); err != nil {
				t.Error(err)
			}
		})
	}
}
