package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/urfave/cli/v2"
)

// lookForCertificate is the interval between checks for a renewed certificate.
const lookForCertificate = 10 * time.Second

// serverTLS contains the settings of a receiver that terminates TLS itself, without a proxy.
type serverTLS struct{ certFile, keyFile, clientCAFile string }

// Flags returns the flags of the settings.
func (t *serverTLS) Flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "tls-cert-file", EnvVars: []string{"CALLTHREAD_TLS_CERT_FILE"},
			Usage: "PEM `FILE` with the certificate for https and its intermediate certificates; reloaded when it changes. Without it the receiver serves http, behind a proxy that terminates TLS", Destination: &t.certFile,
		},
		&cli.StringFlag{
			Name: "tls-key-file", EnvVars: []string{"CALLTHREAD_TLS_KEY_FILE"},
			Usage: "PEM `FILE` with the certificate's key", Destination: &t.keyFile,
		},
		&cli.StringFlag{
			Name: "tls-client-ca-file", EnvVars: []string{"CALLTHREAD_TLS_CLIENT_CA_FILE"},
			Usage: "PEM `FILE` with certificate authorities: every sender, including probes, must present a certificate of one of them; read at the start only", Destination: &t.clientCAFile,
		},
	}
}

// listenAt listens, with TLS if it is configured.
func (t *serverTLS) listenAt(address string, log *slog.Logger) (net.Listener, error) {
	config, err := t.config(log)
	if err != nil {
		return nil, err
	}
	listener, err := listenAt(address)
	if err != nil || config == nil {
		return listener, err
	}
	return tls.NewListener(listener, config), nil
}

// config returns the TLS configuration, nil if TLS is not configured.
func (t *serverTLS) config(log *slog.Logger) (*tls.Config, error) {
	if t.certFile == "" && t.keyFile == "" {
		if t.clientCAFile != "" {
			return nil, errors.New("--tls-client-ca-file (CALLTHREAD_TLS_CLIENT_CA_FILE) has no effect without --tls-cert-file and --tls-key-file")
		}
		return nil, nil
	}
	if t.certFile == "" || t.keyFile == "" {
		return nil, errors.New("--tls-cert-file (CALLTHREAD_TLS_CERT_FILE) and --tls-key-file (CALLTHREAD_TLS_KEY_FILE) go together: set both, or neither")
	}
	certificate := &certificate{certFile: t.certFile, keyFile: t.keyFile, log: log}
	if err := certificate.load(); err != nil {
		return nil, err
	}
	config := &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return certificate.now(), nil },
		// Without HTTP/2, the connection limits also limit concurrent requests.
		NextProtos: []string{"http/1.1"},
	}
	if t.clientCAFile != "" {
		authorities, err := os.ReadFile(t.clientCAFile)
		if err != nil {
			return nil, fmt.Errorf("--tls-client-ca-file (CALLTHREAD_TLS_CLIENT_CA_FILE): %w", err)
		}
		config.ClientCAs, config.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
		if !config.ClientCAs.AppendCertsFromPEM(authorities) {
			return nil, fmt.Errorf("--tls-client-ca-file (CALLTHREAD_TLS_CLIENT_CA_FILE): no PEM certificate in %s", t.clientCAFile)
		}
	}
	return config, nil
}

// certificate is loaded from two files, and again when they change.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu     sync.Mutex
	inUse  *tls.Certificate
	looked time.Time
	seen   [2]time.Time // modification times of the files in use
}

// now returns the current certificate. If the two files do not match, as during a renewal, the
// previous certificate stays in use.
func (c *certificate) now() *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) >= lookForCertificate {
		c.looked = time.Now()
		if c.changed() != c.seen {
			if err := c.load(); err != nil {
				c.log.Error("the renewed TLS certificate cannot be used, the previous one stays in use", "problem", err, "expires", c.inUse.Leaf.NotAfter)
			}
		}
	}
	return c.inUse
}

func (c *certificate) changed() (at [2]time.Time) {
	for i, file := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(file); err == nil {
			at[i] = info.ModTime()
		}
	}
	return at
}

func (c *certificate) load() error {
	changed := c.changed()
	c.looked = time.Now()
	loaded, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("--tls-cert-file (CALLTHREAD_TLS_CERT_FILE) and --tls-key-file (CALLTHREAD_TLS_KEY_FILE): %w", err)
	}
	c.inUse, c.seen = &loaded, changed
	if time.Now().After(loaded.Leaf.NotAfter) {
		c.log.Error("the TLS certificate has expired: senders will refuse it until it is renewed", "expired", loaded.Leaf.NotAfter)
		return nil
	}
	c.log.Info("TLS certificate in use", "expires", loaded.Leaf.NotAfter)
	return nil
}
