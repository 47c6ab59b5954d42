package app

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/internal/build"
	"github.com/callthread/callthread/internal/tracing"
)

// Main runs a program until it ends or is asked to stop, and exits with 1 if it failed.
func Main(name string, run func(ctx context.Context, args []string, out, logs io.Writer) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, name+":", err)
		os.Exit(1)
	}
}

// ServeHelp is what --help says about what a program that serves finds for itself.
const ServeHelp = TemporalHelp + "\n\n" + tracing.Help

// NewProgram is the command line that both programs begin with.
func NewProgram(name, usage string, out, logs io.Writer) *cli.App {
	return &cli.App{
		Name:            name,
		Usage:           usage,
		Version:         build.Current().String(),
		Description:     ServeHelp,
		HideHelpCommand: true,
		ExitErrHandler:  func(*cli.Context, error) {}, // [Main] prints the error, once
		OnUsageError:    UsageError,
		Writer:          out,
		ErrWriter:       logs,
	}
}
