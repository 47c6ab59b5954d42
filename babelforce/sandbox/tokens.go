package sandbox

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// tokenLife is the validity of a real password token.
const tokenLife = 12 * time.Hour

// token issues a token (auth OpenAPI): for a password to the client "manager", or to a client
// with a secret.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	form := r.PostForm
	grant := form.Get("grant_type")
	if s.config.Grant != "" && grant != s.config.Grant {
		refuse(w, http.StatusBadRequest, "unsupported_grant_type")
		return
	}
	isRight := false
	switch grant {
	case "password":
		isRight = form.Get("client_id") == "manager" && form.Get("username") == s.config.User && form.Get("password") == s.config.Password
	case "client_credentials":
		isRight = form.Get("client_id") == s.config.User && form.Get("client_secret") == s.config.Password
	default:
		refuse(w, http.StatusBadRequest, "unsupported_grant_type")
		return
	}
	if !isRight {
		refuse(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	token := fmt.Sprintf("token-%d", s.requests)
	s.tokens[token] = s.config.Now().Add(tokenLife)
	answer(w, map[string]any{"access_token": token, "token_type": "bearer", "expires_in": int(tokenLife.Seconds()), "refresh_token": "once-" + token})
}

func (s *Server) isAuthorized(r *http.Request) bool {
	token, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !isBearer {
		return false
	}
	if s.faults.EndTokensAfter > 0 && s.requests > s.faults.EndTokensAfter {
		s.faults.EndTokensAfter = 0
		clear(s.tokens)
	}
	until, known := s.tokens[token]
	return token != "" && token == s.config.Token || known && s.config.Now().Before(until)
}
