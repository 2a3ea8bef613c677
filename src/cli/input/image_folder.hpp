// Which files of a folder are images.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/input/input_list.hpp"

namespace blip::cli {

/// The endings that make a file of a folder an image, for the help text: "avif, bmp, …".
std::string image_endings();
/// Whether a file of this name would be one.
bool has_image_ending(const std::filesystem::path& path);

/// The image files of `folder` in byte order of their names, those of its subfolders too if
/// `recursive`. Links to folders are followed then, each folder once, by its name without a link if
/// it has one below `folder`. Hidden names (".thumbnails") are left out. What cannot be listed
/// becomes an input with an error, and so does a folder without any image.
std::vector<Input> images_in_folder(const std::filesystem::path& folder, bool recursive);

/// `folder` itself, and if `recursive` every folder that images_in_folder looks into, each once.
std::vector<std::filesystem::path> folders_below(const std::filesystem::path& folder,
                                                 bool recursive);

}  // namespace blip::cli
