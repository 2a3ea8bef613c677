// Fields that the configurations of all image processors share.
#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <string>

#include "core/json_fields.hpp"

namespace blip {

/// The value of "crop_offset", a field of our own, for CropOffset::rounded_to_even.
inline constexpr const char* kRoundedToEven = "rounded_to_even";

inline constexpr JsonFields::IntRange kImageSides = {1, 16'384};

/// A step's do_ field: as `otherwise` where the file is silent; null counts as off, in transformers
/// as here.
bool is_on(const JsonFields& fields, const char* key, bool otherwise = true);

/// Throws unsupported if the step is on.
void refuse_step(const JsonFields& fields, const char* key);

/// Three numbers, or one for all channels.
void read_channels(const JsonFields& fields, const char* key, JsonFields::FloatRange range,
                   std::array<float, 3>& channels);

/// The object that describes a model's image processor: "image_processor" in processor_config.json,
/// else the whole of preprocessor_config.json. Calls `read` with it; false if neither is there.
bool with_image_processor_fields(const std::filesystem::path& directory,
                                 const std::function<void(const JsonFields&)>& read);

}  // namespace blip
