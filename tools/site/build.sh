#!/bin/bash
# The documentation site in build/site: tools/site/build.sh BLIP
# BLIP is the program, whose help becomes the reference of the commands. Warnings are errors: links without a target,
# pages that the navigation lacks, headers that Doxygen cannot read.
set -euo pipefail
blip=$(realpath "$1")
cd "$(dirname "$0")/../.."
export NO_MKDOCS_2_WARNING=1  # of Material for MkDocs, about MkDocs 2
environment=build/site-venv
pages=build/site-pages

test -x $environment/bin/mkdocs || {
  python3 -m venv $environment
  $environment/bin/pip install --quiet -r tools/site/requirements.txt
}
rm -rf $pages
mkdir -p $pages/reference
python3 tools/site/commands.py "$blip" $pages/reference/commands.md
for language in cpp c; do
  input=include/blip
  [[ $language == cpp ]] || input=include/blip.h
  doxygen - <<END
PROJECT_NAME = blip.cpp
INPUT = $input
RECURSIVE = YES
FILE_PATTERNS = *.hpp *.h
OUTPUT_DIRECTORY = $pages/doxygen-$language
GENERATE_HTML = NO
GENERATE_LATEX = NO
GENERATE_XML = YES
XML_PROGRAMLISTING = NO
QUIET = YES
WARN_IF_UNDOCUMENTED = NO
WARN_AS_ERROR = FAIL_ON_WARNINGS
MACRO_EXPANSION = YES
EXPAND_ONLY_PREDEF = YES
PREDEFINED = BLIP_API= BLIP_C_API=
END
  python3 tools/site/api.py $pages/doxygen-$language/xml $language $pages/reference/$language.md
done
$environment/bin/mkdocs build --quiet --strict
python3 tools/site/check_links.py build/site
