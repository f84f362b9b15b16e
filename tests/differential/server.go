// Answers every HTTP/1 request with what net/http made of it, once its body is there.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"regexp"
	"sort"
	"strings"
)

var odd = regexp.MustCompile("[^a-z0-9]")

func answer(response http.ResponseWriter, request *http.Request) {
	length, err := io.Copy(io.Discard, request.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	var identity []string
	for name, values := range request.Header {
		name = odd.ReplaceAllString(strings.ToLower(name), "-")
		for _, value := range values {
			if strings.HasPrefix(name, "x-auth-") {
				identity = append(identity, name+"="+value)
			}
		}
	}
	sort.Strings(identity)
	seen := response.Header()
	seen.Set("Seen-Method", request.Method)
	seen.Set("Seen-Target", request.RequestURI)
	seen.Set("Seen-Host", request.Host)
	seen.Set("Seen-Id", strings.Join(request.Header.Values("X-Request-Id"), "|"))
	seen.Set("Seen-Body", fmt.Sprint(length))
	seen.Set("Seen-Identity", strings.Join(identity, ";"))
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	// Ends with whoever started it.
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	fmt.Println(listener.Addr())
	server := http.Server{Handler: http.HandlerFunc(answer), ErrorLog: log.New(io.Discard, "", 0)}
	log.Fatal(server.Serve(listener))
}
