// OutputSettings: with which options an output was made, kept with it, so that a run which is
// resumed with others can be refused.
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace blip::app {

/// They stand in the extended attribute "user.blip.settings" of the file, or, where the file system
/// has none or no room for them, in a file NAME.settings beside it: a JSON object either way.
class OutputSettings {
 public:
  /// `file`: the output. An empty path, or what is no regular file, has no settings.
  OutputSettings(std::filesystem::path file, std::map<std::string, std::string> settings);

  /// Throws invalid_argument, naming what differs, if the file has content that was made with other
  /// settings. Where there are none, nobody can tell.
  void require_same() const;
  /// Keeps them for the file, which has to exist. What cannot be kept is not missed before a run is
  /// resumed: no error.
  void keep() const;

 private:
  std::filesystem::path file_;
  std::map<std::string, std::string> settings_;
};

}  // namespace blip::app
