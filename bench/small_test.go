package bench

import (
	"runtime"
	"strings"
	"testing"
)

// clients is how many send requests at the same time.
const clients = 32

// parallel sends the request b.N times, by 32 clients with a connection each.
func parallel(b *testing.B, addr, unit string, request []byte) {
	b.SetParallelism(clients / runtime.GOMAXPROCS(0))
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

// BenchmarkUpload4KiB32 uploads files of 4 KiB. Each answer means that the bytes and the row are on the disk.
func BenchmarkUpload4KiB32(b *testing.B) {
	contentType, before, after := part("file", "four.bin")
	body := before + strings.Repeat("0123456789abcdef", 4096/16) + after
	parallel(b, serve(b), "uploads/s", request("POST", "/k/v1/file.json", contentType, body, "X-Cybozu-API-Token: "+token))
}

// BenchmarkCreateHTTP32 makes durable records, in each dialect.
func BenchmarkCreateHTTP32(b *testing.B) {
	b.Run("kintone", func(b *testing.B) {
		body := `{"app":1,"record":{"title":{"value":"An order"},"amount":{"value":"12.50"},"due":{"value":"2026-12-31"},"status":{"value":"Draft"},` +
			`"tags":{"value":["red","blue"]}}}`
		parallel(b, serve(b), "creates/s", request("POST", "/k/v1/record.json", "application/json", body, "X-Cybozu-API-Token: "+token))
	})
	b.Run("pocketbase", func(b *testing.B) {
		body := `{"title":"An order","amount":12.5,"due":"2026-12-31","status":"Draft","tags":["red","blue"],"active":true}`
		parallel(b, serve(b), "creates/s", request("POST", "/api/collections/orders/records", "application/json", body))
	})
}
