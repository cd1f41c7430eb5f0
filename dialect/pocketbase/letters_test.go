package pocketbase

import (
	"testing"

	"dossier"
)

func TestTextOfALetter(t *testing.T) {
	for body, want := range map[string]string{
		"<p>Hello,</p>\n<p>Thanks,<br/>Acme team</p>":             "Hello,\nThanks,\nAcme team",
		"one<BR>two<br />three":                                   "one\ntwo\nthree",
		`<p>Read <a href="https://a.example/?x&amp;y">it</a></p>`: "Read it https://a.example/?x&y",
	} {
		if got := plainText(body); got != want {
			t.Errorf("%q is %q, not %q", body, got, want)
		}
	}
}

func TestSecondProofIsOffWhateverOlderBuildsKept(t *testing.T) {
	c := &dossier.Collection{Name: "members", Kind: dossier.Auth, Extra: map[string]string{extraOptions: `{"mfa": {"enabled": true, "duration": 700}}`}}
	if got := authOptionsOf(c).MFA; got != (mfaOptions{Duration: 700}) {
		t.Errorf("got %+v", got)
	}
}
