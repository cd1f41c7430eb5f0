package conformance

import (
	"strings"
	"testing"
	"time"
)

// TestExpiredUploadIsGone lets uploads live for so long, and then for a few seconds. One that a record takes in time stays; the others
// cannot be attached after their end, through no dialect and by no form of their key, and the next sweep removes their bytes.
func TestExpiredUploadIsGone(t *testing.T) {
	const life = 4 * time.Second
	s := startSettings(t, t.TempDir(), "upload_ttl: 1h")
	first := newClients(t, s.base)[0].(*kintone)
	kept, err := first.put(t.Context(), "kept.bin", content(1, crashSize), crashSize)
	if err == nil {
		err = first.attach(t.Context(), "in time", kept)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.stop()
	s = startSettings(t, s.dir, "upload_ttl: 4s")
	clients := newClients(t, s.base)
	k, n := clients[0].(*kintone), clients[1].(*knack)
	late, err := k.put(t.Context(), "late.bin", content(2, crashSize), crashSize)
	if err != nil {
		t.Fatal(err)
	}
	var asset struct{ ID string }
	if err := n.upload(t.Context(), "/v1/applications/"+application+"/assets/file/upload", n.header(),
		filePart{field: "files", name: "late.bin", body: content(3, crashSize), size: crashSize}, &asset); err != nil {
		t.Fatal(err)
	}
	if blobs, _ := stored(t, s); blobs != 3 {
		t.Errorf("%d blobs on the disk, want 3", blobs)
	}
	time.Sleep(life + 100*time.Millisecond) // the server's clock is not ours to move
	for _, key := range []string{late, asset.ID} {
		if err := k.attach(t.Context(), "too late", key); err == nil || !strings.Contains(err.Error(), "GAIA_BL01") {
			t.Errorf("kintone attaches %s after its end: %v", key, err)
		}
		err := n.call(t.Context(), "POST", "/v1/objects/object_2/records", n.header(), map[string]string{"field_10": "too late", "field_21": key}, &struct{}{})
		if err == nil || !strings.Contains(err.Error(), "400 Bad Request") {
			t.Errorf("knack attaches %s after its end: %v", key, err)
		}
	}
	for _, c := range clients {
		if _, err := c.fetch(t.Context(), "too late"); err == nil {
			t.Error("a write that was refused has made a record")
		}
	}
	s.stop()
	s = startSettings(t, s.dir, "upload_ttl: 4s") // a sweep comes with every start
	eventually(t, "the sweep removes both", func() bool { blobs, _ := stored(t, s); return blobs <= 1 })
	body, err := newClients(t, s.base)[2].fetch(t.Context(), "in time")
	if err == nil {
		err = sameBytes(body, 1, crashSize)
	}
	if err != nil {
		t.Errorf("the one that was taken in time: %v", err)
	}
	s.stop()
	if found := check(t, s.dir); found["files"] != 1 || found["uploads"] != 0 || found["problems"] != 0 {
		t.Errorf("check finds %v", found)
	}
}
