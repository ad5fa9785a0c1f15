#!/usr/bin/env python3
"""Stands in for dockerd's socket: a list, inspections and a stream of events.

usage: stand_in_docker.py DIRECTORY
In the directory: containers.json (as /containers/json), and events, whose lines are told as they are appended. A line `cut`
ends the stream. Listens on docker.sock there. Ends with its standard input."""
import http.server, json, os, socketserver, sys, threading, time

here = sys.argv[1]


def containers():
    with open(os.path.join(here, "containers.json")) as file:
        return json.load(file)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def address_string(self):
        return "socket"

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def chunk(self, body):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(body), body))
        self.wfile.flush()

    def events(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with open(os.path.join(here, "events")) as file:
            file.seek(0, os.SEEK_END)
            open(os.path.join(here, "following"), "a").close()
            while True:
                line = file.readline()
                if line == "cut\n":
                    os.remove(os.path.join(here, "following"))
                    self.close_connection = True
                    return
                if line.endswith("\n"):
                    self.chunk(line.encode())
                else:
                    time.sleep(0.01)

    def do_GET(self):
        path = self.path.split("?")[0]
        if path == "/containers/json":
            return self.answer(200, containers())
        if path == "/events":
            return self.events()
        for item in containers():
            if path == f"/containers/{item['Id']}/json":
                return self.answer(200, {"Id": item["Id"], "Name": item["Names"][0], "Config": {"Image": item["Image"]},
                                         "HostConfig": {"NanoCpus": 1000000000}})
        self.answer(404, {"message": "No such container"})


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


server = Server(os.path.join(here, "docker.sock"), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
