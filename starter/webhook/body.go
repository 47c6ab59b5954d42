package webhook

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
)

// maxBody is the largest accepted body in bytes, far larger than the fields of any call.
const maxBody = 64 << 10

// read reads the body as it was sent, because a signature covers these bytes.
func (h *Handler) read(d *delivery) (body []byte, ok bool) {
	body, err := io.ReadAll(http.MaxBytesReader(d.w, d.r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		h.refuse(d, http.StatusRequestEntityTooLarge, "the body is larger than 64 KiB")
	case err != nil:
		h.refuse(d, http.StatusBadRequest, "the body could not be read to its end")
	}
	return body, err == nil
}

var gzipBegins = []byte{0x1f, 0x8b}

// unpacked decompresses the body if it begins like gzip. It does not rely on the Content-Encoding
// header, because a signature does not cover it.
func (h *Handler) unpacked(d *delivery, body []byte) (unpacked []byte, ok bool) {
	switch strings.ToLower(strings.Join(d.r.Header.Values("Content-Encoding"), ",")) {
	case "", "identity", "gzip", "x-gzip":
	default:
		d.w.Header().Set("Accept-Encoding", "gzip")
		h.refuse(d, http.StatusUnsupportedMediaType, "the body has a compression other than gzip")
		return nil, false
	}
	if !bytes.HasPrefix(body, gzipBegins) {
		return body, true
	}
	content, err := gzip.NewReader(bytes.NewReader(body))
	if err == nil {
		unpacked, err = io.ReadAll(io.LimitReader(content, maxBody+1))
	}
	switch {
	case err != nil:
		h.refuse(d, http.StatusBadRequest, "the body begins like gzip but cannot be decompressed")
	case len(unpacked) > maxBody:
		h.refuse(d, http.StatusRequestEntityTooLarge, "the body is larger than 64 KiB once it is decompressed")
	default:
		return unpacked, true
	}
	return nil, false
}
