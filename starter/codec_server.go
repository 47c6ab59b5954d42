package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/internal/codec"
)

// codecServer is Temporal's codec server: it decrypts payloads for the Web UI and the CLI.
type codecServer struct {
	logging    app.Log
	encryption app.Encryption
	proxies    proxies

	listen     string
	origins    string
	secretFile string
	insecure   bool
}

func codecServerCommand(logs io.Writer) *cli.Command {
	s := &codecServer{}
	return &cli.Command{
		Name:  "codec-server",
		Usage: "decrypt what Temporal stores of calls, for its Web UI and CLI",
		Description: "Point the Web UI at it with TEMPORAL_CODEC_ENDPOINT, and set TEMPORAL_CODEC_INCLUDE_CREDENTIALS=true: the browser then asks for\n" +
			"the secret (as the password of any user name) and shows calls decrypted. Both must be under one domain, such as\n" +
			"temporal.example.com and codec.example.com. Temporal's CLI takes --codec-endpoint and --codec-auth \"Bearer <secret>\".",
		Flags: app.Flags(s, &s.proxies, &s.encryption, &s.logging),
		Action: func(c *cli.Context) error {
			if err := app.NoArguments(c); err != nil {
				return err
			}
			log, err := s.logging.Logger(logs)
			if err != nil {
				return err
			}
			return s.run(c, log)
		},
	}
}

// Flags returns the flags of the server itself.
func (s *codecServer) Flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "listen", EnvVars: []string{"CALLTHREAD_CODEC_LISTEN"},
			Usage: "`ADDRESS` to serve at; to serve other machines, put a proxy that terminates TLS before it", Value: "127.0.0.1:8091", Destination: &s.listen,
		},
		&cli.StringFlag{
			Name: "ui-origin", EnvVars: []string{"CALLTHREAD_UI_ORIGIN"},
			Usage: "`ORIGIN` of the Web UI that may send requests, such as https://temporal.example.com, or several separated by commas", Destination: &s.origins,
		},
		&cli.StringFlag{
			Name: "codec-secret-file", EnvVars: []string{"CALLTHREAD_CODEC_SECRET_FILE"},
			Usage: "`FILE` with the secret that each request must contain, as basic password or bearer token; without it the secret is read from CALLTHREAD_CODEC_SECRET", Destination: &s.secretFile,
		},
		&cli.BoolFlag{
			Name:  "insecure",
			Usage: "decrypt for everyone who reaches the address, if no secret is set", Destination: &s.insecure,
		},
	}
}

func (s *codecServer) run(c *cli.Context, log *slog.Logger) error {
	keys, err := s.encryption.Keys()
	if err != nil {
		return err
	}
	if !s.encryption.On() {
		return errors.New("no encryption key: set --encryption-key-file or CALLTHREAD_ENCRYPTION_KEYS to the keys of the receivers and workers")
	}
	origins, err := s.readOrigins()
	if err != nil {
		return err
	}
	secret, err := s.readSecret(log)
	if err != nil {
		return err
	}
	proxies, err := s.proxies.Parse()
	if err != nil {
		return err
	}
	listener, err := listenAt(s.listen)
	if err != nil {
		return err
	}
	server := codec.NewServer(keys, codec.ServerOptions{Origins: origins, Secret: secret, Proxies: proxies, Log: log})
	return serveHTTP(c.Context, listener, server, proxies, log)
}

// readSecret reads the secret. It fails if none is set, except with --insecure.
func (s *codecServer) readSecret(log *slog.Logger) (string, error) {
	secret, err := app.Secret(s.secretFile, "--codec-secret-file", "CALLTHREAD_CODEC_SECRET")
	if err != nil || secret != "" {
		return secret, err
	}
	if !s.insecure {
		return "", errors.New("no secret: set --codec-secret-file or CALLTHREAD_CODEC_SECRET to a long random text (or pass --insecure to decrypt for everyone who reaches the address)")
	}
	log.Warn("everyone who reaches the codec server can decrypt calls: no secret is set")
	return "", nil
}

// readOrigins parses --ui-origin. It fails for a value that no browser sends as an origin.
func (s *codecServer) readOrigins() (origins []string, err error) {
	for origin := range strings.SplitSeq(s.origins, ",") {
		origin = strings.TrimSpace(origin)
		if origin == "" {
			continue
		}
		parsed, err := url.Parse(origin)
		if err != nil || parsed.Host == "" || (parsed.Scheme != "http" && parsed.Scheme != "https") || origin != parsed.Scheme+"://"+parsed.Host {
			return nil, fmt.Errorf("--ui-origin (CALLTHREAD_UI_ORIGIN) %q: use scheme, host and optional port, and nothing after them, as in https://temporal.example.com", origin)
		}
		origins = append(origins, origin)
	}
	return origins, nil
}
