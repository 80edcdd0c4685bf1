# SPDX-License-Identifier: MIT
# A script as the lines of a string in C.
s/[\\"]/\\&/g
s/.*/"&\\n"/
