#!/bin/sh
# Stands for a program, which is a link to this file: says what lies beside the link, whatever it is asked.
cat "$0.says"
exit "$(cat "$0.code")"
