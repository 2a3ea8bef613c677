#include "cli/options/sheet_options.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "blip/error.hpp"
#include "cli/output/console.hpp"
#include "core/replacement_file.hpp"
#include "core/user_cache.hpp"

namespace blip::cli {
namespace {

// Without a shell: the name of a file is a word, whatever is in it.
bool open_on_desktop(const std::string& file) {
  std::string program = "xdg-open";
  std::string word = file;
  char* const words[] = {program.data(), word.data(), nullptr};
  pid_t child = -1;
  if (::posix_spawnp(&child, program.c_str(), nullptr, nullptr, words, environ) != 0) return false;
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::filesystem::path own_file() {
  const std::filesystem::path directory = user_cache_directory();
  if (directory.empty()) throw UsageError("there is no home directory; name a file with --sheet");
  std::error_code ignored;
  std::filesystem::create_directories(directory, ignored);
  return directory / "found.html";
}

}  // namespace

void SheetOptions::declare(OptionParser& app) {
  app.add_option("--sheet", file_,
                 "Write what is found as a page to FILE, too: HTML with thumbnails in it, which "
                 "needs no other file")
      ->type_name("FILE")
      ->group("Output");
  app.add_flag("--open", open_,
               "Show that page on the desktop; without --sheet it is ~/.cache/blip/found.html")
      ->group("Output");
}

void SheetOptions::show(const std::string& title,
                        const std::vector<app::SheetGroup>& groups) const {
  const std::filesystem::path file =
      std::filesystem::absolute(file_.empty() ? own_file() : std::filesystem::path(file_));
  replace_file(file, app::contact_sheet(title, groups));
  if (open_ && !open_on_desktop(file.string())) {
    print_message(file.string() + ": is written, but xdg-open did not show it");
  }
}

}  // namespace blip::cli
