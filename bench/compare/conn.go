package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// A message is the bytes of one request, in pieces so that large ones are not copied together.
type message [][]byte

// A conn is one connection that is kept. It does as little as possible, because it shares the processors with the servers.
type conn struct {
	nc net.Conn
	br *bufio.Reader
}

// requestWithin bounds one request, that of the largest file too.
const requestWithin = 2 * time.Minute

func dial(ctx context.Context, addr string) (*conn, error) {
	var d net.Dialer
	nc, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &conn{nc: nc, br: bufio.NewReaderSize(nc, 64<<10)}, nil
}

func (c *conn) close() { _ = c.nc.Close() } // everything that was asked for has been read

// do sends a request and copies the body of the answer to w. An answer other than 200 is an error.
func (c *conn) do(m message, w io.Writer) error {
	if err := c.nc.SetDeadline(time.Now().Add(requestWithin)); err != nil {
		return err
	}
	pieces := net.Buffers(append([][]byte(nil), m...)) // WriteTo consumes it
	if _, err := pieces.WriteTo(c.nc); err != nil {
		return err
	}
	res, err := http.ReadResponse(c.br, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(res.Body) // only to say more
		return fmt.Errorf("%s: %s", res.Status, body)
	}
	_, err = io.Copy(w, res.Body)
	return err
}

// get asks for a path.
func get(path string) message {
	return message{fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path)}
}

// postJSON sends JSON to a path.
func postJSON(path, body string) message {
	return message{fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)}
}

const boundary = "compare-boundary"

// postFile sends a form with a title and a file to a path. The file is its pieces, one after the other.
func postFile(path, title, name string, pieces ...[]byte) message {
	before := fmt.Sprintf("--%[1]s\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\n%[2]s\r\n"+
		"--%[1]s\r\nContent-Disposition: form-data; name=\"file\"; filename=%[3]q\r\nContent-Type: application/octet-stream\r\n\r\n", boundary, title, name)
	after := "\r\n--" + boundary + "--\r\n"
	size := len(before) + len(after)
	for _, p := range pieces {
		size += len(p)
	}
	head := fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=%s\r\nContent-Length: %d\r\n\r\n%s",
		path, boundary, size, before)
	return append(append(message{head}, pieces...), []byte(after))
}

// read sends a request and returns the body of the answer.
func (c *conn) read(m message) ([]byte, error) {
	var b bytes.Buffer
	err := c.do(m, &b)
	return b.Bytes(), err
}
