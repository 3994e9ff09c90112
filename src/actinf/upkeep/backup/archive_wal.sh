#!/bin/sh
# Put a finished file of the log of changes into the archive: archive_wal.sh PATH NAME FOLDER
#
# PostgreSQL keeps the file until this says 0, and forgets it then: 0 means that the disk of the archive has it.  It has
# its name only when it is whole.  A file that is there already is never replaced.  The same content once more is fine,
# for the server asks again after a crash; other content means that two servers write to one archive.
set -eu
path=$1 name=$2 folder=$3

on_disk() { sync "$1" 2>/dev/null || sync; } # an old sync takes no file, and waits for all of them

if [ ! -e "$folder/$name" ]; then
    rm -f "$folder/.$name."*.copying # of one that was killed
    copy=$folder/.$name.$$.copying
    trap 'rm -f "$copy"' EXIT
    # A file that was ended for its age is empty for the most part: holes take no room.
    cp --sparse=always "$path" "$copy" 2>/dev/null || cp "$path" "$copy"
    on_disk "$copy"
    # A second name for the file, which fails where the name was taken meanwhile; then what is there decides.
    ln "$copy" "$folder/$name" || [ -e "$folder/$name" ]
fi
if ! cmp -s "$path" "$folder/$name"; then
    echo "archive_wal: $folder/$name is there already, with other content: does another server archive there?" >&2
    exit 1
fi
on_disk "$folder/$name"
on_disk "$folder"
