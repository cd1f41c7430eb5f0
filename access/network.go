package access

import (
	"net/netip"
	"slices"

	"dossier"
)

// ParseNetwork reads an address, which is a network of one, or a network in CIDR form.
func ParseNetwork(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		a = a.Unmap()
		return a.Prefix(a.BitLen())
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return p, dossier.Errorf(dossier.Invalid, "%q is no address and no network", text)
	}
	return p, nil
}

// InNetworks reports whether one of the networks holds the address. A text that is none holds nothing.
func InNetworks(networks []string, address string) bool {
	a, err := netip.ParseAddr(address)
	return err == nil && slices.ContainsFunc(networks, func(text string) bool {
		p, err := ParseNetwork(text)
		return err == nil && p.Contains(a.Unmap().WithZone(""))
	})
}

// PlaceOf is what the clients on an address are counted under where one must not take what is for all: the address, or the /64 of an IPv6
// address, of which a client has as many as it likes. What is no address is itself.
func PlaceOf(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if a = a.Unmap().WithZone(""); a.Is4() {
		return a.String()
	}
	return netip.PrefixFrom(a, 64).Masked().String()
}

// Admits reports whether p may act from where its request comes: superusers only from the networks that the owner has named, if any.
func Admits(settings dossier.Settings, p Principal) bool {
	return p.Kind != KindSuperuser || len(settings.SuperuserNetworks) == 0 || InNetworks(settings.SuperuserNetworks, p.Request.Remote)
}
