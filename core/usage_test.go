package core_test

import (
	"context"
	"strings"
	"testing"

	"dossier/access"
	"dossier/core"
	"dossier/core/coretest"
)

func TestUsageCountsUploads(t *testing.T) {
	t.Parallel()
	svc := coretest.New(t)
	ctx := context.Background()
	for range 3 {
		if _, err := svc.Upload(ctx, access.Guest(), core.Incoming{Name: "a.txt"}, strings.NewReader("12345")); err != nil {
			t.Fatal(err)
		}
	}
	if used, err := svc.Usage(ctx); err != nil || used != 15 {
		t.Errorf("three uploads of five bytes are %d (%v)", used, err)
	}
}

func TestNoMaximumTakesAnySize(t *testing.T) {
	t.Parallel()
	svc := coretest.New(t)
	ctx := context.Background()
	settings := svc.Space().Settings
	settings.MaxFileSize = 0
	if err := svc.PutSettings(ctx, access.System(), settings); err != nil {
		t.Fatal(err)
	}
	if _, err := svc.Upload(ctx, access.Guest(), core.Incoming{Name: "a.txt"}, strings.NewReader("12345")); err != nil {
		t.Errorf("without a maximum five bytes are refused: %v", err)
	}
	if _, err := svc.Upload(ctx, access.Guest(), core.Incoming{Name: "a.txt", MaxSize: 4}, strings.NewReader("12345")); err == nil {
		t.Error("the caller's own maximum counts all the same")
	}
}
