#!/bin/sh
# Copy a finished segment of the log of changes into the archive: archive-wal.sh PATH NAME FOLDER
#
# PostgreSQL keeps the segment until this says 0.  It is on the disk of the archive before that, it has its name only
# when it is whole, and what is in the archive is never overwritten: a server that was restored to an earlier moment
# must not replace the history of the one before.
set -eu
path=$1 name=$2 folder=$3

if [ ! -e "$folder/$name" ]; then
    rm -f "$folder/.$name."*.partial # of one that was killed
    partial=$folder/.$name.$$.partial
    trap 'rm -f "$partial"' EXIT
    # A segment that was ended for its age is empty for the most part: holes take no room.
    cp --sparse=always "$path" "$partial"
    sync "$partial"
    # A second name for the file, which fails where the name was taken meanwhile; then what is there decides.
    ln "$partial" "$folder/$name" || [ -e "$folder/$name" ]
    rm -f "$partial"
fi
# What is there already was archived before a crash could say so: the same bytes are fine.
if ! cmp -s "$path" "$folder/$name"; then
    echo "archive-wal: $folder/$name is there already, with other content: is another server's archive mounted?" >&2
    exit 1
fi
sync "$folder/$name" "$folder"
