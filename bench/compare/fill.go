package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
)

//go:embed schema.yaml
var schema []byte

// A side is one server and what was put into it.
type side struct {
	*process
	made   int64 // what it was sent so far, so that no two requests are equal
	ids    []string
	small  []string            // paths of files of 4 KiB
	medium []string            // paths of files of 256 KiB
	cold   map[string][]string // paths of photographs whose thumbnails nobody has asked for, by workload
	hot    string              // path of a thumbnail that is there
}

// fill puts the records and files in that are only read later.
func (s *side) fill(ctx context.Context, o options) error {
	if err := s.addItems(ctx, o.records); err != nil {
		return err
	}
	c, err := dial(ctx, s.addr)
	if err != nil {
		return err
	}
	defer c.close()
	for range 64 {
		if err := s.addFile(c, &s.small, "small.bin", blob(4<<10)); err != nil {
			return err
		}
	}
	for range 16 {
		if err := s.addFile(c, &s.medium, "medium.bin", blob(256<<10)); err != nil {
			return err
		}
	}
	return s.addPictures(c, o)
}

// addPictures puts photographs in, one of which gets its thumbnail.
func (s *side) addPictures(c *conn, o options) error {
	s.cold = map[string][]string{}
	for _, w := range workloads(o) {
		if w.cold == nil || !o.only.MatchString(w.name) {
			continue
		}
		var paths []string
		for i := range o.pairs * w.times {
			if err := s.addFile(c, &paths, w.cold.file, w.cold.make(i)); err != nil {
				return err
			}
		}
		s.cold[w.name] = paths
	}
	var hot []string
	if err := s.addFile(c, &hot, photoJPEG.file, photoJPEG.make(-1)); err != nil {
		return err
	}
	s.hot = hot[0] + thumb
	return c.do(get(s.hot), io.Discard)
}

// thumb asks for a small picture 300 pixels wide.
const thumb = "?thumb=300x0"

// addFile makes a record with a file and keeps the file's path in list.
func (s *side) addFile(c *conn, list *[]string, name string, content []byte) error {
	body, err := c.read(postFile("/api/collections/papers/records", "filled", name, content))
	if err != nil {
		return err
	}
	var got struct{ ID, File string }
	if err := json.Unmarshal(body, &got); err != nil || got.File == "" {
		return fmt.Errorf("no file in %s: %v", body, err)
	}
	*list = append(*list, "/api/files/papers/"+got.ID+"/"+got.File)
	return nil
}

// item is the JSON of the n-th record.
func item(n int64) string {
	status := [...]string{"draft", "review", "done"}[n%3]
	return fmt.Sprintf(`{"title":"Record number %d of many","n":%d,"status":%q,"active":%v}`, n, n*7919%1_000_003, status, n%2 == 0)
}

// addItems makes the records of items, 32 at a time, and keeps some ids.
func (s *side) addItems(ctx context.Context, count int) error {
	const clients, kept = 32, 64
	lists := make([][]string, clients)
	err := together(ctx, s.addr, clients, func(i int, c *conn) error {
		for n := i; n < count; n += clients {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			m := postJSON("/api/collections/items/records", item(int64(n)))
			if len(lists[i]) == kept {
				if err := c.do(m, io.Discard); err != nil {
					return err
				}
				continue
			}
			body, err := c.read(m)
			if err != nil {
				return err
			}
			var got struct{ ID string }
			if err := json.Unmarshal(body, &got); err != nil {
				return err
			}
			lists[i] = append(lists[i], got.ID)
		}
		return nil
	})
	for _, l := range lists {
		s.ids = append(s.ids, l...)
	}
	return err
}

// makeSpace makes in the original what schema.yaml says.
func (p *process) makeSpace(ctx context.Context) error {
	token, err := p.call(ctx, "", "/api/collections/_superusers/auth-with-password", object{"identity": email, "password": password})
	if err != nil {
		return err
	}
	record := []object{{"name": "title", "type": "text"}, {"name": "n", "type": "number"},
		{"name": "status", "type": "select", "maxSelect": 1, "values": []string{"draft", "review", "done"}}, {"name": "active", "type": "bool"}}
	paper := []object{{"name": "title", "type": "text"}, {"name": "file", "type": "file", "maxSelect": 1, "maxSize": 2 << 30, "thumbs": []string{"300x0"}}}
	for name, fields := range map[string][]object{"items": record, "notes": record, "papers": paper} {
		c := object{"name": name, "type": "base", "fields": append(fields[:len(fields):len(fields)],
			object{"name": "created", "type": "autodate", "onCreate": true},
			object{"name": "updated", "type": "autodate", "onCreate": true, "onUpdate": true})}
		for _, rule := range []string{"list", "view", "create", "update", "delete"} {
			c[rule+"Rule"] = ""
		}
		if name != "papers" {
			c["indexes"] = []string{fmt.Sprintf("CREATE INDEX `idx_%s_n` ON `%s` (`n`)", name, name)}
		}
		if _, err := p.call(ctx, token, "/api/collections", c); err != nil {
			return err
		}
	}
	return nil
}

// An object is one of JSON.
type object = map[string]any

// call posts JSON and returns the token of the answer, if it has one.
func (p *process) call(ctx context.Context, token, path string, in object) (string, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+p.addr+path, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return "", err
	}
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("POST %s: %s: %s", path, res.Status, strings.TrimSpace(string(text)))
	}
	var got struct{ Token string }
	return got.Token, json.Unmarshal(text, &got)
}

// blob is n bytes that nobody can compress, and no two alike.
func blob(n int) []byte {
	b := make([]byte, 0, n+8)
	for len(b) < n {
		v := rand.Uint64()
		b = append(b, byte(v), byte(v>>8), byte(v>>16), byte(v>>24), byte(v>>32), byte(v>>40), byte(v>>48), byte(v>>56))
	}
	return b[:n]
}
