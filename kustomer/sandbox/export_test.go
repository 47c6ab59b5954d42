package sandbox

// Routes returns all operations of the API, named as in State.Requests.
func Routes() (names []string) {
	for _, rt := range apiRoutes() {
		names = append(names, rt.method+" "+rt.template)
	}
	return names
}
