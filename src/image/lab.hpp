// CIE L*a*b* as Pillow turns it into red, green and blue: by Little CMS.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace blip::image {

class LabToRgb {
 public:
  /// Throws std::bad_alloc.
  LabToRgb();

  /// lab: [width, 3], L* as 0…255 and a*, b* as signed bytes → rgb: [width, 3], sRGB
  void convert(const std::uint8_t* lab, std::size_t width, std::uint8_t* rgb);

 private:
  struct DeleteTransform {
    void operator()(void* transform) const;
  };

  std::unique_ptr<void, DeleteTransform> transform_;
  std::vector<std::uint8_t> source_;
  std::vector<std::uint8_t> target_;
};

}  // namespace blip::image
