package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"time"

	"dossier/server"
)

// tlsOf is the TLS configuration that c asks for, nil for plain HTTP. How to trust a certificate made here is printed to out.
func tlsOf(c *config, out io.Writer) (*tls.Config, error) {
	var pair tls.Certificate
	var err error
	switch {
	case c.TLSSelf:
		pair, err = selfSigned(c, out)
	case c.TLSCert != "":
		pair, err = tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	default:
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

func selfSigned(c *config, out io.Writer) (tls.Certificate, error) {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return tls.Certificate{}, err
	}
	dir, err := filepath.Abs(filepath.Join(c.Data, "tls"))
	if err != nil {
		return tls.Certificate{}, err
	}
	pair, err := server.SelfSigned(dir, host, time.Now())
	if err == nil {
		cert := filepath.Join(dir, "cert.pem")
		fmt.Fprintf(out, "The certificate is %s. To trust it:\n  curl --cacert %s …\n  NODE_EXTRA_CA_CERTS=%s node …\n  or add it to the certificates of your system or browser.\n", cert, cert, cert)
	}
	return pair, err
}
