// --sheet and --open: what was found as a page of photos.
#pragma once

#include <string>
#include <vector>

#include "app/library/contact_sheet.hpp"
#include "cli/options/option_parser.hpp"

namespace blip::cli {

class SheetOptions {
 public:
  void declare(OptionParser& app);
  [[nodiscard]] bool wanted() const noexcept { return open_ || !file_.empty(); }
  /// Writes the page, and has the desktop show it for --open. Throws Error if it cannot be written;
  /// a desktop that is not there is only told.
  void show(const std::string& title, const std::vector<app::SheetGroup>& groups) const;

 private:
  std::string file_;
  bool open_ = false;
};

}  // namespace blip::cli
