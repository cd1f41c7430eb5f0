package bench

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// parallel sends the request b.N times, by so many clients with a connection each.
func parallel(b *testing.B, clients int, addr, unit string, request []byte) {
	b.SetParallelism(max(1, clients/runtime.GOMAXPROCS(0)))
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		c, err := dial(addr)
		if err != nil {
			b.Error(err)
			return
		}
		defer c.conn.Close()
		for pb.Next() {
			if err := c.send(request); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), unit)
}

// uploadRequest uploads a file of so many bytes. The answer means that the bytes and the row are on the disk.
func uploadRequest(size int) []byte {
	contentType, before, after := part("file", "small.bin")
	body := before + strings.Repeat("0123456789abcdef", size/16) + after
	return request("POST", "/k/v1/file.json", contentType, body, "X-Cybozu-API-Token: "+token)
}

// BenchmarkUpload4KiB32 uploads files of 4 KiB by 32 clients.
func BenchmarkUpload4KiB32(b *testing.B) {
	addr, _ := serve(b)
	parallel(b, 32, addr, "uploads/s", uploadRequest(4<<10))
}

// BenchmarkUpload8 uploads files of several sizes by 8 clients.
func BenchmarkUpload8(b *testing.B) {
	for _, kib := range []int{4, 16, 32, 64, 256} {
		b.Run(fmt.Sprintf("%dKiB", kib), func(b *testing.B) {
			addr, _ := serve(b)
			parallel(b, 8, addr, "uploads/s", uploadRequest(kib<<10))
		})
	}
}

// BenchmarkDownload4KiB8 downloads a file of 4 KiB by 8 clients.
func BenchmarkDownload4KiB8(b *testing.B) {
	p := start(b)
	url := p.upload(4 << 10)
	parallel(b, 8, p.addr, "downloads/s", request("GET", strings.TrimPrefix(url, "http://"+p.addr), "", ""))
}

// BenchmarkCreateHTTP32 makes durable records, in each dialect.
func BenchmarkCreateHTTP32(b *testing.B) {
	b.Run("kintone", func(b *testing.B) {
		addr, _ := serve(b)
		body := `{"app":1,"record":{"title":{"value":"An order"},"amount":{"value":"12.50"},"due":{"value":"2026-12-31"},"status":{"value":"Draft"},` +
			`"tags":{"value":["red","blue"]}}}`
		parallel(b, 32, addr, "creates/s", request("POST", "/k/v1/record.json", "application/json", body, "X-Cybozu-API-Token: "+token))
	})
	b.Run("pocketbase", func(b *testing.B) {
		addr, _ := serve(b)
		body := `{"title":"An order","amount":12.5,"due":"2026-12-31","status":"Draft","tags":["red","blue"],"active":true}`
		parallel(b, 32, addr, "creates/s", request("POST", "/api/collections/orders/records", "application/json", body))
	})
}
