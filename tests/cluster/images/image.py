"""Images by hand, as archives that containerd imports: no registry, no builder.
usage: image.py ARCHIVE NAME [--entrypoint WORD] [--applets WORDS] [--rootfs DIRECTORY] [FILE=PATH_IN_IMAGE...]"""
import argparse
import hashlib
import io
import json
import os
import tarfile


def add(tar, name, data, mode=0o644):
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), mode
    tar.addfile(entry, io.BytesIO(data))


def directory(tar, name):
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
    tar.addfile(entry)


def link(tar, name, target):
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    tar.addfile(entry)


def layer_of(files, applets, rootfs):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        if rootfs:
            tar.add(rootfs, arcname=".")
        else:
            for name in ("bin", "etc", "tmp"):
                directory(tar, name)
            add(tar, "etc/passwd", b"root:x:0:0:root:/:/bin/sh\n")
        for source, target in files:
            with open(source, "rb") as file:
                add(tar, target.lstrip("/"), file.read(), 0o755)
        for applet in applets:
            link(tar, f"bin/{applet}", "busybox")
    return out.getvalue()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("archive")
    parser.add_argument("name")
    parser.add_argument("--entrypoint", action="append", default=[])
    parser.add_argument("--applets", default="", help="links to /bin/busybox")
    parser.add_argument("--rootfs", help="a directory that the image begins with")
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_intermixed_args()
    layer = layer_of([f.split("=", 1) for f in arguments.files], arguments.applets.split(), arguments.rootfs)
    path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    config = {"architecture": "amd64", "os": "linux", "config": {"Env": [path], "Entrypoint": arguments.entrypoint},
              "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}}
    manifest = [{"Config": "config.json", "RepoTags": [arguments.name], "Layers": ["layer.tar"]}]
    with tarfile.open(arguments.archive + ".new", "w") as tar:
        add(tar, "config.json", json.dumps(config).encode())
        add(tar, "layer.tar", layer)
        add(tar, "manifest.json", json.dumps(manifest).encode())
    os.replace(arguments.archive + ".new", arguments.archive)


main()
