# SPDX-License-Identifier: MIT
# A script as the lines of a string in C, without trigraphs.
s/[\\"?]/\\&/g
s/.*/"&\\n"/
