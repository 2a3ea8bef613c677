// Pictures that were drawn, as files.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "app/draw/drawer.hpp"

namespace blip::app {

enum class PictureFormat { png, jpeg, npy };

/// By the ending: ".png", ".jpg" or ".jpeg", ".npy". Throws invalid_argument for another.
[[nodiscard]] PictureFormat picture_format_of(const std::filesystem::path& path);

/// Whole under its name, or not there. JPEG is of quality 95. Throws WriteError.
void write_picture(const std::filesystem::path& path, const Image& picture);
/// The numbers that the pictures were made of: float32 [H, W, 3] of all as one, not cut to 0…1.
void write_numbers(const std::filesystem::path& path, const Drawing& drawing);

/// "0007-a-red-bicycle": the prompt's number and its first words, for a file.
[[nodiscard]] std::string drawing_name(std::size_t number, std::string_view prompt);

}  // namespace blip::app
