// Site: the pages of a folder, and the pictures in it that they show.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/sites/page_images.hpp"

namespace blip::app {

/// Where an address leads.
struct PictureInSite {
  std::filesystem::path path = {};  ///< empty: to no picture of this site
  std::string cause = {};           ///< why, as "is elsewhere"
};

struct PagesOfSite {
  std::vector<std::filesystem::path> pages = {};  ///< sorted
  std::vector<std::string> errors = {};           ///< a line for each folder that cannot be read
};

/// Nothing outside its folder is read or written: neither by "..", nor by symbolic links.
class Site {
 public:
  /// A folder, or a lone page. Throws not_found or unreadable.
  explicit Site(const std::filesystem::path& root);

  /// .html, .htm, .xhtml, .md and .markdown; not in hidden folders, nor behind symbolic links,
  /// which lead to pages that are found where they are or lie outside.
  [[nodiscard]] PagesOfSite pages() const;

  /// Of a page that pages() may name; throws invalid_argument for any other.
  void require_page(const std::filesystem::path& page) const;

  /// The file that `src` on `page` names. "/a.png" is below the site's folder. `base`: PageImages'.
  [[nodiscard]] PictureInSite picture(const std::filesystem::path& page, const std::string& src,
                                      const std::optional<std::string>& base) const;

 private:
  [[nodiscard]] bool holds(const std::filesystem::path& canonical) const;

  std::filesystem::path named_;      // as it was named
  std::filesystem::path canonical_;  // of the folder
};

/// The language of a page by its name; nothing for other files.
std::optional<PageLanguage> language_of(const std::filesystem::path& page);

/// Its bytes. Throws as read_text_file does, but for a byte order mark, which stays.
std::string read_page(const std::filesystem::path& page);

}  // namespace blip::app
