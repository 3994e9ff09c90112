#!/bin/sh
# Copy a finished segment of the log of changes into the archive: archive-wal.sh PATH NAME FOLDER
#
# PostgreSQL keeps the segment until this says 0.  It is on the disk of the archive before that, it has its name only
# when it is whole, and what is in the archive is never overwritten: a server that was restored to an earlier moment
# must not replace the history of the one before.
set -eu
path=$1 name=$2 folder=$3

if [ -e "$folder/$name" ]; then
    # Archived before a crash could say so: the same bytes are fine.
    cmp -s "$path" "$folder/$name" && exit 0
    echo "archive-wal: $folder/$name is there already, with other content: is another server's archive mounted?" >&2
    exit 1
fi

rm -f "$folder/.$name."*.partial # of one that was killed
partial=$folder/.$name.$$.partial
trap 'rm -f "$partial"' EXIT
cp "$path" "$partial"
sync "$partial"
# A second name for the file, which fails where the name is taken.
ln "$partial" "$folder/$name"
rm -f "$partial"
sync "$folder"
