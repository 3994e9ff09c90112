#!/bin/sh
# Fetch one file of the write-ahead log for a server that recovers: its restore_command, as
#     sh fetch_wal.sh %f %p FOLDER…
# The first folder that has the file gives it.  1 says that none has, which ends recovery; a file that is there and cannot
# be read must not look like the end of the log, so that any other failure is 200, which stops the server.
name=$1
target=$2
shift 2
for folder; do
    if [ -e "$folder/$name" ]; then
        cp "$folder/$name" "$target" || exit 200
        exit 0
    fi
    ls "$folder" >/dev/null || exit 200
done
exit 1
